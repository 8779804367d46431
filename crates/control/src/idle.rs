//! Processes: who descends from whom, and whether they sleep.

use std::fs;
use std::time::{Duration, Instant};

/// A thread that sleeps, and how often it has been woken.
type Sleeper = (u32, u64);

/// Looks at processes again and again.
#[derive(Debug, Default)]
pub struct Sleepers {
    /// Who slept at the last look, and since when at least.
    last: Option<(Vec<Sleeper>, Instant)>,
}

impl Sleepers {
    /// How long these processes and all their descendants have slept at least, seen at two looks
    /// or more: at all of them every thread slept, and none was awake in between.
    pub fn sleep(&mut self, processes: impl IntoIterator<Item = u32>) -> Option<Duration> {
        let mut sleepers = Vec::new();
        let mut awake = false;
        for process in family(processes) {
            for thread in threads(process) {
                let Some(status) = read(process, thread, "status") else {
                    continue;
                };
                awake |= !is_asleep(&status);
                sleepers.push((thread, switches(&status)));
            }
        }
        sleepers.sort_unstable();
        sleepers.dedup();
        let before = self.last.take().filter(|(known, _)| *known == sleepers);
        if awake {
            return None;
        }
        let since = before.as_ref().map(|(_, since)| *since);
        self.last = Some((sleepers, since.unwrap_or_else(Instant::now)));
        since.map(|since| since.elapsed())
    }

    /// Something has happened that may have woken a process.
    pub fn woken(&mut self) {
        self.last = None;
    }
}

/// These processes and all their descendants.
pub fn family(processes: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut family: Vec<u32> = processes.into_iter().collect();
    let mut next = 0;
    while let Some(&process) = family.get(next) {
        for thread in threads(process) {
            let children = read(process, thread, "children").unwrap_or_default();
            family.extend(
                children
                    .split_whitespace()
                    .filter_map(|id| id.parse::<u32>().ok()),
            );
        }
        next += 1;
    }
    family
}

/// A process and all it descends from.
pub fn ancestry(process: u32) -> Vec<u32> {
    let mut ancestry = vec![process];
    while let Some(parent) = ancestry.last().and_then(|&process| parent_of(process)) {
        ancestry.push(parent);
    }
    ancestry
}

fn parent_of(process: u32) -> Option<u32> {
    let status = read(process, process, "status")?;
    let parent = field(&status, "PPid:")?.parse().ok()?;
    (parent > 0).then_some(parent)
}

/// A process that is gone has none.
fn threads(process: u32) -> Vec<u32> {
    let entries = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten();
    let names = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.parse().ok()).collect()
}

fn read(process: u32, thread: u32, file: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/task/{thread}/{file}")).ok()
}

/// Asleep in a way that only something else can end: also stopped, or dead and not waited for.
fn is_asleep(status: &str) -> bool {
    field(status, "State:").is_some_and(|state| state.starts_with(['S', 'T', 't', 'Z', 'X']))
}

fn switches(status: &str) -> u64 {
    let number = |name| field(status, name).and_then(|text| text.parse::<u64>().ok());
    number("voluntary_ctxt_switches:").unwrap_or(0)
        + number("nonvoluntary_ctxt_switches:").unwrap_or(0)
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_child_descends_from_its_parent() {
        let own = ancestry(std::process::id());
        assert_eq!(own[0], std::process::id());
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert_eq!(ancestry(child.id())[1..], own);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_process_that_sleeps_and_one_that_works() {
        for (script, expected) in [("exec sleep 60", true), ("while :; do :; done", false)] {
            let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
            let mut sleepers = Sleepers::default();
            let slept = (0..1000).any(|_| {
                std::thread::sleep(Duration::from_millis(1));
                sleepers.sleep([child.id()]).is_some()
            });
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(slept, expected, "{script}");
        }
    }
}
