//! Lists that clients go through, each as it was when it was begun.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_proto::cpg::iter_kind;

use super::node::{Name, Process};

/// Lists that one connection may have under way.
pub(crate) const LISTS_MAX: usize = 16;

/// A group, and a process unless only names are listed.
pub(super) type Entry = (Name, u32, u32);

#[derive(Clone, Debug, Default)]
pub(super) struct Lists {
    open: BTreeMap<u64, List>,
    made: u64,
}

#[derive(Clone, Debug)]
struct List {
    entries: Arc<[Entry]>,
    next: usize,
}

impl Lists {
    /// The handle of a new list; `None` if there are too many.
    pub(super) fn begin(&mut self, processes: &[Process], kind: u32, group: &[u8]) -> Option<u64> {
        if self.open.len() >= LISTS_MAX {
            return None;
        }
        self.made += 1;
        let list = List {
            entries: entries(processes, kind, group).into(),
            next: 0,
        };
        self.open.insert(self.made, list);
        Some(self.made)
    }

    /// The next entry, `None` at the end, after which it begins again; an error if there is no
    /// such list.
    pub(super) fn next(&mut self, handle: u64) -> Result<Option<Entry>, ()> {
        let list = self.open.get_mut(&handle).ok_or(())?;
        let entry = list.entries.get(list.next).cloned();
        list.next = entry.as_ref().map_or(0, |_| list.next + 1);
        Ok(entry)
    }

    /// Whether there was such a list.
    pub(super) fn end(&mut self, handle: u64) -> bool {
        self.open.remove(&handle).is_some()
    }
}

/// In corosync's order: the group of the highest node comes first; in a group the lowest process,
/// then the others from the highest down.
fn entries(processes: &[Process], kind: u32, group: &[u8]) -> Vec<Entry> {
    let mut groups: Vec<Vec<Entry>> = Vec::new();
    for process in processes {
        if kind == iter_kind::ONE_GROUP && *process.group != *group {
            continue;
        }
        let known = groups.iter_mut().find(|list| list[0].0 == process.group);
        let name = Name::clone(&process.group);
        match known {
            Some(_) if kind == iter_kind::NAMES => {}
            Some(list) => list.insert(1, (name, process.node, process.pid)),
            None if kind == iter_kind::NAMES => groups.push(vec![(name, 0, 0)]),
            None => groups.push(vec![(name, process.node, process.pid)]),
        }
    }
    groups.into_iter().rev().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(node: u32, group: &str) -> Process {
        Process {
            node,
            pid: 100 + node,
            group: group.as_bytes().into(),
        }
    }

    fn all(lists: &mut Lists, handle: u64) -> String {
        let mut text = String::new();
        while let Ok(Some((group, node, pid))) = lists.next(handle) {
            text += &format!("{}/{node}/{pid} ", String::from_utf8_lossy(&group));
        }
        text
    }

    #[test]
    fn groups_come_last_first_and_processes_in_an_order_of_their_own() {
        let processes = [
            process(1, "a"),
            process(2, "a"),
            process(2, "b"),
            process(3, "a"),
        ];
        let mut lists = Lists::default();
        let mut listed = |kind, group: &[u8]| {
            let handle = lists.begin(&processes, kind, group).unwrap();
            let text = all(&mut lists, handle);
            // It begins again.
            assert_eq!(all(&mut lists, handle), text);
            assert!(lists.end(handle) && !lists.end(handle));
            assert_eq!(lists.next(handle), Err(()));
            text
        };
        assert_eq!(listed(iter_kind::NAMES, b""), "b/0/0 a/0/0 ");
        assert_eq!(
            listed(iter_kind::ALL, b""),
            "b/2/102 a/1/101 a/3/103 a/2/102 "
        );
        assert_eq!(listed(iter_kind::ONE_GROUP, b"b"), "b/2/102 ");
        assert_eq!(listed(iter_kind::ONE_GROUP, b"c"), "");
    }

    #[test]
    fn a_connection_has_room_for_so_many() {
        let mut lists = Lists::default();
        for _ in 0..LISTS_MAX {
            assert!(lists.begin(&[], iter_kind::ALL, b"").is_some());
        }
        assert_eq!(lists.begin(&[], iter_kind::ALL, b""), None);
        assert!(lists.end(1));
        assert!(lists.begin(&[], iter_kind::ALL, b"").is_some());
    }
}
