//! The server's ends of rings against the client's ends, and against noise.

use super::ring::{Consumer, Producer};
use super::testing::private_dir;
use crate::error::Error;
use crate::ring::{MappedRing, SEMAPHORE, consume, data_len, produce};
use proptest::prelude::*;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const MAX: usize = 4000;

/// A directory for one ring.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static PLACES: AtomicUsize = AtomicUsize::new(0);
        let n = PLACES.fetch_add(1, Ordering::Relaxed);
        Self(private_dir(&format!("ring-{n}")))
    }

    fn base(&self) -> PathBuf {
        self.0.join("ring")
    }

    fn file(&self, suffix: &str) -> File {
        let path = self.0.join(format!("ring{suffix}"));
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap()
    }

    fn client(&self) -> MappedRing {
        MappedRing::attach(&self.file("-header"), &self.file("-data"), MAX).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn message(n: usize, len: usize) -> Vec<u8> {
    (0..len).map(|i| (n * 31 + i) as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_a_client_puts_in_comes_out(lens in prop::collection::vec(0..=MAX, 1..60)) {
        let place = Place::new();
        let mut server = Consumer::create(&place.base(), MAX).unwrap();
        let (client, mut at) = (place.client(), 0);
        let mut pending = std::collections::VecDeque::new();
        for (n, len) in lens.into_iter().enumerate() {
            let message = message(n, len);
            while produce(&client, &mut at, &message).is_err() {
                prop_assert_eq!(server.take().unwrap(), pending.pop_front());
            }
            pending.push_back(message);
        }
        prop_assert_eq!(server.waiting().unwrap() as usize, pending.len());
        while let Some(message) = pending.pop_front() {
            prop_assert_eq!(server.take().unwrap(), Some(message));
        }
        prop_assert_eq!(server.take().unwrap(), None);
    }

    #[test]
    fn what_a_server_puts_in_comes_out(lens in prop::collection::vec(0..=MAX, 1..60)) {
        let place = Place::new();
        let mut server = Producer::create(&place.base(), MAX).unwrap();
        let (client, mut at) = (place.client(), 0);
        let mut pending = std::collections::VecDeque::new();
        let mut take = |expected: Vec<u8>| {
            let mut buffer = [0; MAX];
            assert!(client.try_wait());
            let len = consume(&client, &mut at, MAX, &mut buffer).unwrap();
            assert_eq!(&buffer[..len], expected);
        };
        for (n, len) in lens.into_iter().enumerate() {
            let message = message(n, len);
            while !server.put(&message).unwrap() {
                take(pending.pop_front().expect("an empty ring has room"));
            }
            pending.push_back(message);
            prop_assert!(!server.drained().unwrap());
        }
        pending.into_iter().for_each(&mut take);
        prop_assert!(server.drained().unwrap());
    }

    #[test]
    fn noise_is_survived(
        noise in prop::collection::vec((0..8252u64, any::<u32>()), 0..8),
        data in prop::collection::vec((0..4096u64, any::<u32>()), 0..8),
        head in prop::array::uniform2(prop_oneof![Just(0xA1A1_A1A1), 0..5000u32, any::<u32>()]),
        count in prop_oneof![0..4u32, any::<u32>()],
        cut in prop::option::of((any::<bool>(), 0..8252u64)),
    ) {
        let place = Place::new();
        let mut requests = Consumer::create(&place.base(), MAX).unwrap();
        let events = Place::new();
        let mut producer = Producer::create(&events.base(), MAX).unwrap();
        producer.put(b"before").unwrap();
        for place in [&place, &events] {
            let (header, ring) = (place.file("-header"), place.file("-data"));
            header.write_all_at(&count.to_ne_bytes(), SEMAPHORE as u64).unwrap();
            ring.write_all_at(&head.map(u32::to_ne_bytes).concat(), 0).unwrap();
            for (file, words) in [(&header, &noise), (&ring, &data)] {
                for (at, word) in words {
                    file.write_all_at(&word.to_ne_bytes(), *at).unwrap();
                }
            }
            if let Some((which, len)) = cut {
                (if which { header } else { ring }).set_len(len).unwrap();
            }
        }
        for _ in 0..10 {
            if let Ok(Some(request)) = requests.take() {
                prop_assert!(request.len() <= MAX);
            }
            let _ = producer.put(&[1; 1000]);
            let _ = producer.drained();
        }
    }
}

#[test]
fn a_semaphore_whose_page_is_gone_is_an_error() {
    let place = Place::new();
    let mut producer = Producer::create(&place.base(), MAX).unwrap();
    place.file("-header").set_len(4096).unwrap();
    // The indexes are still there; only the kernel's addition can notice.
    let error = producer.put(b"x").unwrap_err();
    assert!(matches!(error, Error::Protocol(_)), "{error}");
}

#[test]
fn a_waiting_client_is_woken() {
    let place = Place::new();
    let mut producer = Producer::create(&place.base(), MAX).unwrap();
    let client = place.client();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let start = std::time::Instant::now();
            while !client.wait(Duration::from_secs(10)) {}
            start.elapsed()
        });
        std::thread::sleep(Duration::from_millis(50));
        producer.put(b"x").unwrap();
        assert!(waiter.join().unwrap() < Duration::from_secs(5));
    });
}

#[test]
fn files_are_as_long_as_the_c_client_makes_them() {
    let place = Place::new();
    Consumer::create(&place.base(), MAX).unwrap();
    assert_eq!(place.file("-header").metadata().unwrap().len(), 8252);
    let data = place.file("-data").metadata().unwrap().len();
    assert_eq!(data, data_len(MAX) as u64);
    let mut image = [0; 8252];
    place.file("-header").read_exact_at(&mut image, 0).unwrap();
    let word = |at: usize| u32::from_ne_bytes(image[at..at + 4].try_into().unwrap());
    assert_eq!([word(0), word(4), word(8)], [0, 0, 1024]);
    assert_eq!(
        [word(8204), word(8208), word(8212), word(8216)],
        [1, 0, 0, 0x80]
    );
    let path = place.0.join("ring-data");
    let path = path.to_str().unwrap().as_bytes();
    assert_eq!(&image[4108..4108 + path.len()], path);
    assert_eq!(image[4108 + path.len()], 0);
}
