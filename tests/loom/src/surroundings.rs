//! What the code that is read finds around it.

/// Errors of both crates that the models can bring about.
pub(crate) mod error {
    #[derive(Debug)]
    pub(crate) enum Error {
        Protocol(&'static str),
        FlowControl,
        TimedOut,
    }

    #[derive(Debug)]
    pub(crate) enum Failure {
        BadHandle,
        NoMemory,
    }
}

pub(crate) mod client {
    use std::time::Duration;

    /// There is no time in a model: nobody gives up.
    pub(crate) struct Deadline;

    impl Deadline {
        pub(crate) fn remaining(&self) -> Option<Duration> {
            None
        }
    }
}

pub(crate) mod sys {
    use crate::atomic::AtomicU32;
    use crate::futex;
    use std::time::Duration;

    pub(crate) use crate::copy;
    pub(crate) use crate::room::Room;

    pub(crate) fn futex_wait_private(word: &AtomicU32, value: u32, _: Option<Duration>) {
        futex::wait(|| word.load(crate::atomic::Ordering::SeqCst) == value);
    }

    pub(crate) fn futex_wake_private(_: &AtomicU32, _: i32) {
        futex::wake();
    }
}

pub mod process {
    use std::cell::Cell;

    thread_local! {
        /// Which process the model is in, as the kernel would say; set by models of forks. The
        /// threads of a model are one of the system's.
        pub(crate) static GENERATION: Cell<u32> = const { Cell::new(1) };
    }

    pub(crate) fn generation() -> u32 {
        GENERATION.get()
    }

    /// The same numbers in every run of a model.
    pub(crate) fn random<const N: usize>() -> [u8; N] {
        [7; N]
    }
}
