//! What callbacks say, and whether members agree on it.

use std::collections::BTreeMap;

use quorate_testkit::compare::fails;

/// One epoch callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Callback {
    pub(crate) epoch: u32,
    pub(crate) members: u32,
    pub(crate) failed: u32,
    pub(crate) master: u32,
}

/// Reads a line of `ncs_member`.
pub(crate) fn parse(line: &str) -> Callback {
    let field = |name: &str| {
        let word = line
            .split(' ')
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_else(|| panic!("no {name} in {line:?}"));
        let number = match word.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => word.parse(),
        };
        number.unwrap_or_else(|why| panic!("{line:?}: {why}"))
    };
    Callback {
        epoch: field("epoch"),
        members: field("members"),
        failed: field("failed"),
        master: field("master"),
    }
}

/// Checks that no two members were told different things of one epoch, and what must hold within
/// the history of each.
///
/// # Panics
///
/// When they were.
pub(crate) fn assert_agreement(logs: &[Vec<Callback>]) {
    let mut epochs: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
    for log in logs {
        let mut before: Option<Callback> = None;
        for now in log {
            if now.members == 0 {
                before = None;
                continue;
            }
            let told = (now.members, now.master);
            let known = *epochs.entry(now.epoch).or_insert(told);
            assert_eq!(known, told, "epoch {}: {logs:#x?}", now.epoch);
            assert_eq!(now.master.count_ones(), 1, "{logs:#x?}");
            assert_eq!(now.master & !now.members, 0, "{logs:#x?}");
            match before {
                // The first callback of a registration tells of nobody's end.
                None => assert_eq!(now.failed, 0, "{logs:#x?}"),
                Some(before) => assert_follows(before, *now, logs),
            }
            before = Some(*now);
        }
    }
}

fn assert_follows(before: Callback, now: Callback, logs: &[Vec<Callback>]) {
    let changed = (before.members ^ now.members).count_ones();
    let came_back = (now.failed & now.members).count_ones();
    assert_eq!(
        now.epoch,
        before.epoch + changed + 2 * came_back,
        "{logs:#x?}"
    );
    assert_eq!(now.failed & !before.members, 0, "{logs:#x?}");
    if before.master & now.members & !now.failed != 0 {
        assert_eq!(now.master, before.master, "the master stays: {logs:#x?}");
    }
}

/// The comparison is worth something only if it notices each kind of disagreement.
pub(crate) fn a_disagreement_is_noticed() {
    let good = [
        "epoch=3 members=0x7 failed=0 master=0x4",
        "epoch=4 members=0x3 failed=0x4 master=0x2",
    ]
    .map(parse);
    assert_agreement(&[good.to_vec(), good.to_vec()]);
    for bad in [
        "epoch=4 members=0x5 failed=0x2 master=0x4",
        "epoch=4 members=0x3 failed=0x4 master=0x1",
        "epoch=5 members=0x3 failed=0x4 master=0x2",
        "epoch=4 members=0x3 failed=0x8 master=0x2",
        "epoch=4 members=0x3 failed=0x4 master=0x4",
    ] {
        let other = vec![good[0], parse(bad)];
        let noticed = fails(|| assert_agreement(&[good.to_vec(), other]));
        assert!(noticed, "{bad} should have been noticed");
    }
}
