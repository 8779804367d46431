//! The table of cases: what the original does, and what ours does.

use Ends::{Crashing, Never, With};

/// How a program ended, in the words of the table of cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Normally, having printed this.
    With(&'static str),
    /// By a signal of its own making: SIGSEGV, SIGABRT.
    Crashing,
    /// Not at all: SIGALRM ended it.
    Never,
}

/// Of the original, that it is not run: what it does is left to chance.
const BY_CHANCE: Option<Ends> = None;

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) original: Option<Ends>,
    pub(crate) ours: Ends,
}

const fn case(name: &'static str, original: Ends, ours: Ends) -> Case {
    Case {
        name,
        original: Some(original),
        ours,
    }
}

const fn by_chance(name: &'static str, ours: Ends) -> Case {
    Case {
        name,
        original: BY_CHANCE,
        ours,
    }
}

pub(crate) const CASES: [Case; 55] = [
    case("null_handle", Crashing, With("7\n")),
    case("null_callbacks", With("1 1 1\n"), With("1 1 1\n")),
    case("null_members", With("1 1 1 1 6\n"), With("1 1 1 1 6\n")),
    case("null_info", Crashing, With("7\n")),
    case("null_fd", Crashing, With("7\n")),
    case("null_context", Crashing, With("7\n")),
    case("null_register", Crashing, With("7\n")),
    case("null_unregister", Crashing, With("7\n")),
    case("null_update_old", Crashing, With("7\n")),
    case("null_update_new", Crashing, With("7\n")),
    case("null_poll", Crashing, With("7\n")),
    case("null_master_wins", Crashing, With("7\n")),
    case(
        "argument_before_handle",
        With("9 9 9 7 7\n"),
        With("7 7 7 7 7\n"),
    ),
    case(
        "failure_writes_nothing",
        With("12 written 9 untouched 9 untouched\n"),
        With("12 untouched 9 untouched 9 untouched\n"),
    ),
    case(
        "name_ends_in_zeros",
        With("1 0 zeros\n"),
        With("1 0 zeros\n"),
    ),
    case(
        "no_daemon_writes_nothing",
        With("2 written\n"),
        With("2 untouched\n"),
    ),
    case("no_wildcard", With("shape 1\n"), With("shape 9\n")),
    case(
        "first_handle_is_not_constant",
        With("predictable\n"),
        With("random\n"),
    ),
    case("random_is_left_alone", With("shifted\n"), With("same\n")),
    case(
        "two_threads",
        With("wrong answers\n"),
        With("right answers\n"),
    ),
    case("finalize_wakes", Never, With("finalize 1 dispatch 9\n")),
    case("small_stack", Crashing, With(SMALL_STACK)),
    case("stack_use", Crashing, With("16 KiB or less\n")),
    case(
        "finalize_in_callback",
        With("finalize 1 dispatch 9\n"),
        With("finalize 1 dispatch 9\n"),
    ),
    case("callbacks_may_call_all", With(REENTRANT), With(REENTRANT)),
    case("burst_of_events", With(BURST_OF_C), With(BURST_OF_OURS)),
    case(
        "cancel_in_dispatch",
        With("cancelled usable 1 finalize 1\n"),
        With("cancelled usable 1 finalize 1\n"),
    ),
    case(
        "cancel_pending_in_call",
        With("getinfo 0, cancelled, usable 1\n"),
        With("getinfo 1, cancelled, usable 1\n"),
    ),
    case(
        "fork_exit",
        With("child 0 usable 1\n"),
        With("child 0 usable 1\n"),
    ),
    case(
        "fork_finalize",
        With("child 1 usable 0\n"),
        With("child 1 usable 1\n"),
    ),
    case(
        "fork_call",
        With("getinfo 1 dispatch 6 grandchild 1 usable 1\n"),
        With("getinfo 9 dispatch 9 grandchild 9 usable 1\n"),
    ),
    case(
        "fork_own",
        With("child usable 1 usable 1\n"),
        With("child usable 1 usable 1\n"),
    ),
    by_chance(
        "fork_among_threads",
        With("200 of 200 children right, usable 1\n"),
    ),
    by_chance("fork_with_threads", With("150 of 150 children right\n")),
    by_chance(
        "fork_in_callback",
        With("child's dispatch 9, quorum, dispatch 1 usable 1\n"),
    ),
    case(
        "signals_in_initialize",
        With("some failed, signals\n"),
        With("none failed, signals\n"),
    ),
    case(
        "signals_in_calls",
        With("none failed, signals\n"),
        With("none failed, signals\n"),
    ),
    case(
        "no_address_space",
        With("some without memory, descriptors lost: some, at last 8\n"),
        With("some without memory, descriptors lost: none, at last 1\n"),
    ),
    by_chance(
        "no_file_size",
        With("initialize 1, usable 1, descriptors lost 0\n"),
    ),
    case(
        "executed",
        With("executed 1, sockets 0\n"),
        With("executed 1, sockets 0\n"),
    ),
    case("fork_in_every_state", With(FORKS_BY_C), With(FORKS_BY_US)),
    case(
        "no_descriptors",
        With("2 stdin closed, some lost, at last 2\n"),
        With("2 stdin open, none lost, at last 1\n"),
    ),
    case("shared_memory", With("3120 KiB\n"), With("144 KiB\n")),
    case(
        "shared_memory_full",
        With("initialize 15, then usable 1, nothing left over\n"),
        With("initialize 15, then usable 1, nothing left over\n"),
    ),
    case(
        "no_shared_memory",
        With("initialize 12, descriptors lost 0\n"),
        With("initialize 12, descriptors lost 0\n"),
    ),
    case(
        "read_only_shared_memory",
        With("initialize 2, descriptors lost 0\n"),
        With("initialize 2, descriptors lost 0\n"),
    ),
    case(
        "ring_cut_short",
        Crashing,
        With("directories 1, names 0, usable 1\n"),
    ),
    case("ring_cut_short_by_root", Crashing, Crashing),
    case(
        "rings_mapped",
        With("data 6, usable 1\n"),
        With("data 3, usable 1\n"),
    ),
    case("daemon_stopped", Never, With(STOPPED)),
    case(
        "daemon_killed_in_flight",
        With("getinfo 2\nfinalize 1\n"),
        With("getinfo 2\nfinalize 1\n"),
    ),
    case("daemon_killed_idle", With(KILLED_IDLE), With(KILLED_IDLE)),
    case(
        "daemon_killed_with_events",
        With("1\ndispatch 2\nagain 2\n"),
        With(KILLED_WITH_EVENTS),
    ),
    case(
        "daemon_killed_files",
        With("finalize 1 directories 1 then 1\n"),
        With("finalize 1 directories 1 then 0\n"),
    ),
    case("no_sigpipe", With("getinfo 2\n"), With("getinfo 2\n")),
];

/// Results of the child's getinfo with the inherited handle and with one of its own.
const FORKS_BY_C: &str = "before all: child 9 1, parent 9\n\
    opened: child 1 1, parent 1\n\
    events queued: child 1 1, parent 1\n\
    \x20 event nodes context=0x7 ring=1.+0 nodes=1\n\
    \x20 event quorum context=0x7 quorate=1 nodes=1:1\n\
    dispatched: child 1 1, parent 1\n\
    another thread waits: child 1 1, parent 1\n\
    the daemon is gone: child 2 2, parent 2\n\
    finalized: child 9 2, parent 9\n";

const FORKS_BY_US: &str = "before all: child 9 1, parent 9\n\
    opened: child 9 1, parent 1\n\
    events queued: child 9 1, parent 1\n\
    \x20 event nodes context=0x7 ring=1.+0 nodes=1\n\
    \x20 event quorum context=0x7 quorate=1 nodes=1:1\n\
    dispatched: child 9 1, parent 1\n\
    another thread waits: child 9 1, parent 1\n\
    the daemon is gone: child 9 2, parent 2\n\
    finalized: child 9 2, parent 9\n";

const SMALL_STACK: &str = "1 1 12 12 1\n\
    \x20 event nodes context=0 ring=1.+0 nodes=1\n\
    \x20 event quorum context=0 quorate=1 nodes=1:1\n\
    1\n";

const BURST_OF_C: &str = "not kept, 9 by one, then readable 1, in order 12000, not 0, not kept, then 6, \
                          readable 0, usable 1\n";
const BURST_OF_OURS: &str = "kept, 9 by one, then readable 1, in order 12000, not 0, not kept, then 6, \
                             readable 0, usable 1\n";
const REENTRANT: &str = "1 1 1 1 1 1 17 1, quorum at depth 1, nested 1, dispatch 1 6\n";

const STOPPED: &str = "getinfo 5\n\
    getinfo again 5\n\
    initialize 5\n\
    trackstop 12\n\
    getinfo 1 node 1\n\
    getinfo of nobody 12\n\
    finalize 1\n";

const KILLED_IDLE: &str = "dispatch 2\npoll 1 hangup 1\ngetinfo 0 dispatch 2 finalize 1\n";

const KILLED_WITH_EVENTS: &str = "1\n\
    \x20 event nodes context=0 ring=1.+0 nodes=1\n\
    \x20 event quorum context=0 quorate=1 nodes=1:1\n\
    dispatch 2\nagain 2\n";

pub(crate) const MODELS: &str = "unknown model 7 untouched\n\
    no handle 7\n\
    no model 1 finalize 1\n\
    model 1\n\
    track 1\n\
    \x20 event nodes context=0x1 ring=1.+0 nodes=1\n\
    \x20 event quorum context=0x1 quorate=1 nodes=1:1\n\
    dispatch 1\n\
    get 7 untouched\n\
    get into nothing 7 7\n\
    set 7\n\
    set nothing 7\n\
    set most 7\n\
    set too much 7\n\
    bad handle 9 9\n\
    finalize 1\n";
