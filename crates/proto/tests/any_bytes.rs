//! Whatever the other side sends, decoding ends with a value or an error.

mod decoders;

use decoders::{decode_all_requests, decode_everything_else};
use proptest::prelude::*;
use quorate_ipc::header::{RequestHeader, ResponseHeader};
use quorate_proto::{Fault, cmap, cpg, votequorum};
use zerocopy::IntoBytes;

/// A message with a believable header and anything behind it.
fn headed(id: i32, body: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let request = RequestHeader::new(id, 16 + body.len());
    let response = ResponseHeader::new(id, 24 + body.len(), 1);
    (
        [request.as_bytes(), body].concat(),
        [response.as_bytes(), body].concat(),
    )
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        decode_all_requests(&bytes);
        decode_everything_else(&bytes);
    }

    #[test]
    fn arbitrary_bodies(id in -4..20, body in prop::collection::vec(any::<u8>(), 0..700)) {
        let (request, response) = headed(id, &body);
        decode_all_requests(&request);
        // Multicasts have a reply's header in front.
        decode_all_requests(&response);
        decode_everything_else(&response);
    }

    #[test]
    fn bodies_of_the_right_length(
        id in 0..13,
        len in prop::sample::select(vec![0usize, 8, 16, 136, 144, 152, 256, 264, 272, 280, 512]),
        fill in any::<u8>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let mut body = vec![fill; len];
        for (at, byte) in edits {
            if len > 0 {
                let at = at.index(len);
                body[at] = byte;
            }
        }
        let (request, response) = headed(id, &body);
        decode_all_requests(&request);
        decode_everything_else(&response);
    }
}

#[test]
fn the_size_in_the_header_must_be_that_of_the_chunk() {
    for claimed in [-1, 0, 8, 23, 25, i32::MAX, i32::MIN] {
        let mut bytes = votequorum::GetInfo::new(0).as_bytes().to_vec();
        bytes[8..12].copy_from_slice(&claimed.to_ne_bytes());
        let fault = Fault::Size {
            claimed,
            actual: 24,
        };
        let bad = votequorum::Request::decode(&bytes).unwrap_err();
        assert_eq!(bad.fault, fault);
    }
}

#[test]
fn chunks_shorter_than_a_header_are_answered_all_the_same() {
    for bad in decode_all_requests(&[0; 8]) {
        let reply = bad.unwrap().reply().unwrap();
        assert_eq!(reply, quorate_proto::status(0, 7));
    }
}

#[test]
fn unknown_requests_get_the_bare_reply() {
    for id in [99, -3, i32::MAX] {
        let (request, _) = headed(id, &[]);
        for bad in decode_all_requests(&request) {
            let bad = bad.unwrap();
            assert_eq!(bad.fault, Fault::UnknownId(id));
            let bare = ResponseHeader::new(0, 24, 7);
            assert_eq!(bad.reply().unwrap(), bare.as_bytes());
        }
    }
}

#[test]
fn an_unterminated_device_name_is_refused() {
    let mut bytes = votequorum::Register::new(b"qdevice").as_bytes().to_vec();
    bytes[16..271].fill(b'x');
    let bad = votequorum::Request::decode(&bytes).unwrap_err();
    assert_eq!(bad.fault, Fault::Unterminated);
    bytes[270] = 0;
    let name = &[b'x'; 254][..];
    let request = votequorum::Request::Register { name };
    assert_eq!(votequorum::Request::decode(&bytes), Ok(request));
}

#[test]
fn extra_information_longer_than_its_message_is_refused() {
    let message = votequorum::SetExtraInfo::new(&[7; 5]).unwrap();
    let mut bytes = message.message().to_vec();
    let request = votequorum::Request::SetExtraInfo { info: &[7; 5] };
    assert_eq!(votequorum::Request::decode(&bytes), Ok(request));
    bytes[16..20].copy_from_slice(&4096u32.to_ne_bytes());
    assert!(votequorum::Request::decode(&bytes).is_err());
    let id = votequorum::request_id::SET_EXTRA_INFO;
    let body = [&4097u32.to_ne_bytes()[..], &[0; 4101]].concat();
    let bad = votequorum::Request::decode(&headed(id, &body).0).unwrap_err();
    assert!(matches!(bad.fault, Fault::Value(_)), "{bad}");
}

#[test]
fn a_bad_multicast_gets_no_reply_and_a_long_group_name_its_own() {
    let mut bytes = cpg::Mcast::message(2, b"hello");
    bytes[32..36].copy_from_slice(&u32::MAX.to_ne_bytes());
    assert_eq!(cpg::Request::decode(&bytes).unwrap_err().reply(), None);

    let mut bytes = cpg::Join::new(b"group", 1, 0).as_bytes().to_vec();
    bytes[16..20].copy_from_slice(&129u32.to_ne_bytes());
    let bad = cpg::Request::decode(&bytes).unwrap_err();
    assert_eq!(bad.reply(), Some(quorate_proto::status(0, 13)));
}

#[test]
fn nobody_can_ask_for_a_value_that_no_message_carries() {
    for room in [cmap::GET_MAX + 1, u64::MAX] {
        let request = cmap::Get::new(b"a.key", room);
        assert!(cmap::Request::decode(request.as_bytes()).is_err());
    }
    let request = cmap::Get::new(b"a.key", cmap::GET_MAX);
    assert!(cmap::Request::decode(request.as_bytes()).is_ok());
}

#[test]
fn a_key_goes_to_its_terminating_nul_whatever_its_length_says() {
    let mut bytes = cmap::Delete::new(b"a.key").as_bytes().to_vec();
    bytes[16..18].copy_from_slice(&300u16.to_ne_bytes());
    let request = cmap::Request::Delete { name: b"a.key" };
    assert_eq!(cmap::Request::decode(&bytes), Ok(request));
    bytes[24..280].fill(b'x');
    let bad = cmap::Request::decode(&bytes).unwrap_err();
    assert_eq!(bad.fault, Fault::Unterminated);
    // Only where no name may be given does a length of 0 count.
    let mut bytes = cmap::IterInit::new(b"a.").as_bytes().to_vec();
    bytes[16..18].fill(0);
    let request = cmap::Request::IterInit { prefix: b"" };
    assert_eq!(cmap::Request::decode(&bytes), Ok(request));
}

#[test]
fn a_group_that_is_not_asked_about_may_be_garbage() {
    let mut bytes = cpg::IterInit::new(b"", cpg::iter_kind::ALL)
        .as_bytes()
        .to_vec();
    bytes[16..152].fill(0xAA);
    let request = cpg::Request::IterInit {
        group: b"",
        kind: 3,
    };
    assert_eq!(cpg::Request::decode(&bytes), Ok(request));
    bytes[152] = 2;
    assert!(cpg::Request::decode(&bytes).is_err());
}
