//! The server's ends of rings against the client's ends, and against noise.

use super::ring::{Consumer, Producer};
use super::testing::private_dir;
use crate::client::called::CalledRing;
use crate::client::mapped::MappedRing;
use crate::client::shm::Ring;
use crate::eagerness::Eagerness;
use crate::error::Error;
use crate::ring::{SEMAPHORE, consume, data_len, produce};
use crate::sys::Room;
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

    fn client<R: Ring>(&self) -> R {
        R::attach(self.file("-header"), self.file("-data"), MAX).unwrap()
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

/// Puts messages of these lengths in as a client, and takes them out as a server.
fn to_a_server<R: Ring>(lens: &[usize]) {
    let place = Place::new();
    let mut server = Consumer::create(&place.base(), MAX, MAX).unwrap();
    let (client, mut at) = (place.client::<R>(), 0);
    let mut pending = std::collections::VecDeque::new();
    for (n, len) in lens.iter().enumerate() {
        let message = message(n, *len);
        while let Err(error) = produce(&client, &mut at, &message) {
            assert!(matches!(error, Error::FlowControl), "{error}");
            assert_eq!(server.take().unwrap(), pending.pop_front().unwrap());
        }
        pending.push_back(message);
    }
    assert_eq!(server.waiting().unwrap(), pending.len());
    while let Some(message) = pending.pop_front() {
        assert_eq!(server.take().unwrap(), message);
    }
    assert_eq!(server.waiting().unwrap(), 0);
}

/// The other way round.
fn to_a_client<R: Ring>(lens: &[usize]) {
    let place = Place::new();
    let mut server = Producer::create(&place.base(), MAX).unwrap();
    let (client, mut at) = (place.client::<R>(), 0);
    let mut pending = std::collections::VecDeque::new();
    let mut take = |expected: Vec<u8>| {
        let mut buffer = [0; MAX];
        assert!(client.try_wait().unwrap());
        let len = consume(&client, &mut at, MAX, &mut Room::from(&mut buffer)).unwrap();
        assert_eq!(&buffer[..len], expected);
    };
    for (n, len) in lens.iter().enumerate() {
        let message = message(n, *len);
        while !server.put(&message).unwrap() {
            take(pending.pop_front().expect("an empty ring has room"));
        }
        pending.push_back(message);
        assert!(!server.drained().unwrap());
    }
    pending.into_iter().for_each(&mut take);
    assert!(server.drained().unwrap());
    assert!(!client.try_wait().unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_a_client_puts_in_comes_out(lens in prop::collection::vec(0..=MAX, 1..60)) {
        to_a_server::<MappedRing>(&lens);
        to_a_server::<CalledRing>(&lens);
    }

    #[test]
    fn what_a_server_puts_in_comes_out(lens in prop::collection::vec(0..=MAX, 1..60)) {
        to_a_client::<MappedRing>(&lens);
        to_a_client::<CalledRing>(&lens);
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
        let mut requests = Consumer::create(&place.base(), MAX, MAX).unwrap();
        let events = Place::new();
        let mut producer = Producer::create(&events.base(), MAX).unwrap();
        let [asking, hearing] = [&place, &events].map(Place::client::<CalledRing>);
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
        let (mut written, mut read) = (0, 0);
        for _ in 0..10 {
            if let Ok(1..) = requests.waiting() {
                if let Ok(request) = requests.take() {
                    prop_assert!(request.len() <= MAX);
                }
            }
            let _ = producer.put(&[1; 1000]);
            let _ = producer.drained();
            let _ = asking.status();
            let _ = produce(&asking, &mut written, &[1; 1000]);
            if matches!(hearing.try_wait(), Ok(true)) {
                if let Ok(len) = consume(&hearing, &mut read, MAX, &mut Room::from(&mut [0; MAX])) {
                    prop_assert!(len <= MAX);
                }
            }
            let _ = hearing.wait(&mut Eagerness::default(), Duration::ZERO);
            prop_assert!(written < data_len(MAX) / 4 && read < data_len(MAX) / 4);
        }
        for client in [asking, hearing] {
            client.interrupt();
            client.detach();
        }
    }
}

/// The largest message fills the ring; the largest request does not.
#[test]
fn what_was_taken_is_published_late_and_in_time() {
    const LARGEST: usize = MAX / 2;
    let place = Place::new();
    let mut server = Consumer::create(&place.base(), MAX, LARGEST).unwrap();
    let (client, mut at) = (place.client::<CalledRing>(), 0);
    let mut exchange = |request: &[u8]| {
        produce(&client, &mut at, request).unwrap();
        assert_eq!(server.waiting().unwrap(), 1);
        assert_eq!(server.take().unwrap(), request);
        assert_eq!(server.waiting().unwrap(), 0);
        let mut count = [0; 4];
        let header = place.file("-header");
        header.read_exact_at(&mut count, SEMAPHORE as u64).unwrap();
        u32::from_ne_bytes(count)
    };
    for n in 0..3 * 16 {
        assert_eq!(exchange(b"x"), (n + 1) % 16);
    }
    let mut lags = (0..40).map(|_| exchange(&[7; LARGEST]));
    assert!(lags.all(|lag| lag <= 1));
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

fn is_woken<R: Ring + Sync>() {
    let place = Place::new();
    let mut producer = Producer::create(&place.base(), MAX).unwrap();
    let client = place.client::<R>();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let mut eagerness = Eagerness::default();
            let start = std::time::Instant::now();
            while !client
                .wait(&mut eagerness, Duration::from_secs(10))
                .unwrap()
            {}
            start.elapsed()
        });
        std::thread::sleep(Duration::from_millis(50));
        producer.put(b"x").unwrap();
        assert!(waiter.join().unwrap() < Duration::from_secs(5));
    });
}

#[test]
fn a_waiting_client_is_woken() {
    is_woken::<MappedRing>();
    is_woken::<CalledRing>();
}

/// A poster that wakes only if somebody counts as waiting, as glibc's does.
#[test]
fn a_client_that_waits_by_calls_is_counted() {
    let place = Place::new();
    let _producer = Producer::create(&place.base(), MAX).unwrap();
    let client = place.client::<CalledRing>();
    let waiters = || {
        let mut word = [0; 4];
        let header = place.file("-header");
        header
            .read_exact_at(&mut word, SEMAPHORE as u64 + 4)
            .unwrap();
        u32::from_ne_bytes(word)
    };
    assert_eq!(waiters(), 0);
    for _ in 0..2 {
        assert!(
            !client
                .wait(&mut Eagerness::default(), Duration::from_millis(1))
                .unwrap()
        );
        assert_eq!(waiters(), 1);
    }
    client.detach();
    assert_eq!(waiters(), 0);
}

/// Cut to any page while a client waits and uses it: errors, and no signal.
#[test]
fn a_client_by_calls_outlives_its_files() {
    for (suffix, pages) in [("-header", 0..=2), ("-data", 0..=0)] {
        for page in pages {
            let place = Place::new();
            let mut producer = Producer::create(&place.base(), MAX).unwrap();
            let (client, mut at) = (place.client::<CalledRing>(), 0);
            producer.put(b"x").unwrap();
            place.file(suffix).set_len(page * 4096).unwrap();
            let taken = client
                .wait(&mut Eagerness::default(), Duration::ZERO)
                .and_then(|_| consume(&client, &mut at, MAX, &mut Room::from(&mut [0; MAX])));
            let error = taken.unwrap_err();
            assert!(
                matches!(error, Error::Protocol(_)),
                "{suffix} {page}: {error}"
            );
            assert_eq!(at, 0);
        }
    }
}

#[test]
fn files_are_as_long_as_the_c_client_makes_them() {
    let place = Place::new();
    Consumer::create(&place.base(), MAX, MAX).unwrap();
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
