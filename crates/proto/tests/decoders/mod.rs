//! Everything that is decoded from what the other side sent; for tests and for fuzzing.

use quorate_proto::{BadRequest, cfg, cmap, cpg, quorum, votequorum};
use zerocopy::IntoBytes;

pub(crate) fn decode_all_requests(bytes: &[u8]) -> Vec<Option<BadRequest>> {
    vec![
        votequorum::Request::decode(bytes).err(),
        quorum::Request::decode(bytes).err(),
        cmap::Request::decode(bytes).err(),
        cfg::Request::decode(bytes).err(),
        cpg::Request::decode(bytes).err(),
    ]
}

/// Events are decoded in place: the memory must be aligned.
fn aligned(bytes: &[u8]) -> Vec<u64> {
    let mut words = vec![0; bytes.len().div_ceil(8)];
    words.as_mut_bytes()[..bytes.len()].copy_from_slice(bytes);
    words
}

pub(crate) fn decode_everything_else(bytes: &[u8]) {
    let mut words = aligned(bytes);
    let whole = &mut words.as_mut_bytes()[..bytes.len()];
    let _ = votequorum::Event::decode(whole);
    let _ = quorum::Event::decode(whole);
    let _ = cmap::Event::decode(whole);
    let _ = cfg::Event::decode(whole);
    let _ = cpg::Event::decode(whole);
    let _ = cmap::GetReply::decode(whole, 0);
    let _ = cmap::GetReply::decode(whole, 64);
    let _ = cfg::RingStatusReply::decode(whole);
    let _ = cfg::NodeAddrsReply::decode(whole);
    let _ = cpg::MembershipReply::decode(whole);
}
