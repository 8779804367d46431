//! Calls about keys.

use quorate_ncs::{Code, Effect, Input};

use super::{Alone, OTHER, call, completed};

#[test]
fn locks_of_one_handle() {
    let mut alone = Alone::in_ring(&[1]);
    alone.feed(Input::Register { handle: 7 });
    alone.feed(Input::Register { handle: 8 });
    alone.done();
    let long = [1; 33];
    for (nth, key) in [(1, &b""[..]), (2, &long)] {
        alone.feed(Input::Lock(call(7, nth, key)));
        assert_eq!(alone.done(), [completed(nth, Code::BadParameter, 0)]);
    }
    alone.feed(Input::Lock(call(9, 3, b"key")));
    assert_eq!(alone.done(), [completed(3, Code::BadHandle, 0)]);
    alone.feed(Input::Lock(call(7, 4, b"key")));
    alone.feed(Input::Lock(call(7, 5, b"key")));
    alone.feed(Input::TryLock(call(7, 6, b"key")));
    alone.feed(Input::Unlock(call(8, 7, b"key")));
    alone.feed(Input::Lock(call(8, 8, b"key")));
    let four = [
        completed(4, Code::Success, 0),
        completed(5, Code::BadParameter, 0),
        completed(6, Code::TryLockHeld, 1),
        completed(7, Code::BadParameter, 0),
    ];
    assert_eq!(alone.done(), four);
    alone.feed(Input::Deregister { handle: 7 });
    let gone = Effect::Deregistered {
        handle: 7,
        code: Code::Success,
    };
    assert_eq!(alone.done(), [gone, completed(8, Code::Success, 0)]);
}

#[test]
fn deregistering_ends_the_calls_of_the_handle() {
    let mut alone = Alone::in_ring(&[1]);
    alone.feed(Input::Register { handle: 7 });
    alone.feed(Input::Register { handle: 8 });
    alone.feed(Input::Lock(call(7, 1, b"key")));
    alone.feed(Input::Lock(call(8, 2, b"key")));
    alone.done();
    alone.feed(Input::Deregister { handle: 8 });
    let gone = |handle| Effect::Deregistered {
        handle,
        code: Code::Success,
    };
    assert_eq!(alone.done(), [completed(2, Code::BadHandle, 0), gone(8)]);
    alone.feed(Input::Unlock(call(7, 3, b"key")));
    alone.feed(Input::TryLock(call(7, 4, b"key")));
    let both = [
        completed(3, Code::Success, 0),
        completed(4, Code::Success, 0),
    ];
    assert_eq!(
        alone.done(),
        both,
        "the waiter that went is not given the key"
    );
    alone.feed(Input::Deregister { handle: 8 });
    assert_eq!(
        alone.done(),
        [Effect::Deregistered {
            handle: 8,
            code: Code::BadHandle
        }]
    );
}

#[test]
fn garbage_in_the_group_changes_nothing() {
    let mut alone = Alone::in_ring(&[1]);
    alone.feed(Input::Register { handle: 7 });
    alone.done();
    for bytes in [
        &b""[..],
        b"NCSQ",
        b"NCSQ\x01\0\x07\0",
        b"NCSQ\x02\0\x06\0\x01\0\0\0",
        &[0xff; 64],
    ] {
        assert_eq!(
            alone.machine.handle(Input::Deliver { from: OTHER, bytes }),
            []
        );
    }
    // A lock of somebody who is not a member.
    let lock = b"NCSQ\x01\0\x07\0\x05\0\0\0\x06\0\0\0\0\0\0\0\x03\0\0\0key";
    assert_eq!(
        alone.machine.handle(Input::Deliver {
            from: OTHER,
            bytes: lock
        }),
        []
    );
    alone.feed(Input::TryLock(call(7, 1, b"key")));
    assert_eq!(alone.done(), [completed(1, Code::Success, 0)]);
}
