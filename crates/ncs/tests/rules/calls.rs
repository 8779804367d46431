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
    let five = [
        completed(4, Code::Success, 0),
        completed(5, Code::BadParameter, 0),
        completed(6, Code::TryLockHeld, 1),
        completed(7, Code::BadParameter, 0),
        Effect::Queued { request: 8 },
    ];
    assert_eq!(alone.done(), five);
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

/// What the group has not heard of can't be unsaid, but what comes behind it undoes it.
#[test]
fn a_request_that_is_withdrawn_holds_nothing() {
    let mut alone = Alone::in_ring(&[1]);
    alone.feed(Input::Register { handle: 7 });
    alone.feed(Input::Register { handle: 8 });
    alone.done();
    let verbs: [fn(_) -> _; 2] = [Input::Lock, Input::TryLock];
    for (request, verb) in [(1, verbs[0]), (2, verbs[1])] {
        let mut said = alone.machine.handle(verb(call(7, request, b"key")));
        said.extend(alone.machine.handle(Input::Withdraw { request }));
        alone.come_back(said);
        assert_eq!(alone.done(), [], "nobody is told");
        alone.feed(Input::TryLock(call(8, 10 + request, b"key")));
        alone.feed(Input::Unlock(call(8, 20 + request, b"key")));
        let free = [10, 20].map(|n| completed(n + request, Code::Success, 0));
        assert_eq!(alone.done(), free);
    }
}

#[test]
fn who_goes_while_he_waits_is_passed_over() {
    let mut alone = Alone::in_ring(&[1]);
    alone.feed(Input::Register { handle: 7 });
    for handle in [8, 9] {
        alone.feed(Input::Register { handle });
    }
    alone.feed(Input::Lock(call(7, 1, b"key")));
    alone.done();
    alone.feed(Input::Lock(call(8, 2, b"key")));
    alone.feed(Input::Lock(call(9, 3, b"key")));
    let queued = [2, 3].map(|request| Effect::Queued { request });
    assert_eq!(alone.done(), queued);
    alone.feed(Input::Withdraw { request: 2 });
    alone.feed(Input::Lock(call(8, 4, b"key")));
    assert_eq!(
        alone.done(),
        [Effect::Queued { request: 4 }],
        "he may come back"
    );
    for (holder, request, next) in [(7, 5, 3), (9, 6, 4)] {
        alone.feed(Input::Unlock(call(holder, request, b"key")));
        let both = [request, next].map(|request| completed(request, Code::Success, 0));
        assert_eq!(alone.done(), both);
    }
    // One who gives a key up has given it up, whether he waits for the answer or not.
    let said = alone.machine.handle(Input::Unlock(call(8, 7, b"key")));
    alone.feed(Input::Withdraw { request: 7 });
    alone.come_back(said);
    alone.feed(Input::TryLock(call(7, 8, b"key")));
    assert_eq!(alone.done(), [completed(8, Code::Success, 0)]);
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
