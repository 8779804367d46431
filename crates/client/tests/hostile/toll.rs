//! What a test has cost the process, and an end for one that hangs.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may be kept for good by what is used for the first time.
const KEPT: usize = 16 * 1024;

/// Far more seconds than any test takes; who needs longer hangs, and is ended by SIGALRM.
const HANGS: u32 = 300;

static LIVE: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call is passed on as it is; only sizes are added up.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    ring_mappings: usize,
    threads: usize,
}

fn held() -> Held {
    let count = |path| fs::read_dir(path).expect("/proc is there").count();
    let maps = fs::read_to_string("/proc/self/maps").expect("/proc is there");
    Held {
        descriptors: count("/proc/self/fd"),
        ring_mappings: maps.matches("/qb-").count(),
        threads: count("/proc/self/task"),
    }
}

/// Runs a test that must leave neither descriptors nor mappings, threads or memory behind, and
/// must come to an end.
pub(crate) fn nothing_lost(test: impl FnOnce()) {
    // SAFETY: alarm takes no pointers.
    unsafe { libc::alarm(HANGS) };
    let (before, memory) = (held(), LIVE.load(Ordering::Relaxed));
    test();
    let grown = LIVE.load(Ordering::Relaxed).saturating_sub(memory);
    // A thread that was joined may still be on its way out.
    quorate_testkit::wait_until("nothing to be held", || match held() {
        now if now == before => Ok(()),
        now => Err(format!("{now:?} instead of {before:?}")),
    });
    assert!(grown <= KEPT, "{grown} bytes were not freed");
}
