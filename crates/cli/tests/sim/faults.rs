//! Faults under programs: what a C program sees of each, with the C library and with ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use quorate_testkit::compare::assert_same;
use quorate_testkit::{CProgram, Library, Requirements, Scratch, Suite};

use crate::tool::{errors, printed, quorate};

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::none()
        .program("cc")
        .header("corosync/votequorum.h")
        .header("corosync/cpg.h")
        .program("corosync-cmapctl")
        .program("corosync-quorumtool")
        .ours();
    for (name, test) in [
        ("faults/an_error_on_the_nth_call", nth as fn()),
        ("faults/a_delay_is_virtual_time", delay),
        ("faults/a_dropped_request_and_a_dropped_reply", dropped),
        ("faults/a_stalled_reply", stalled),
        ("faults/a_storm_of_try_again", storm),
        ("faults/events_in_a_burst", burst),
        ("faults/held_events_come_at_once", held_events),
        ("faults/of_other_services", other_services),
        ("faults/of_process_groups", process_groups),
        ("faults/a_machine_dies_with_its_programs", power_off),
        ("faults/a_step_on_a_call", on_call),
        ("faults/a_call_that_never_comes", missing_call),
        ("faults/chance_comes_from_the_seed", chance),
    ] {
        suite.test_with(name, &needs, test);
    }
}

struct Bench {
    scratch: Scratch,
    program: PathBuf,
}

impl Bench {
    fn new() -> Self {
        Self {
            scratch: Scratch::new("faults"),
            program: CProgram::new("client-sim")
                .source("tests/c/client.c")
                .link("votequorum")
                .build(),
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.scratch.path().join(name);
        fs::write(&file, text).expect("a file can be written");
        file
    }

    /// A run of the program `tests/c/client.c` with these orders, in two nodes' cluster.
    fn run(&self, library: Library, scenario: &str, orders: &[&str]) -> Output {
        let scenario = format!("[cluster]\nnodes = 2\nseed = 5\n{scenario}");
        let scenario = self.file("scenario.toml", &scenario);
        let orders = self.file("orders", &(orders.join("\n") + "\n"));
        let script = format!(
            "LD_LIBRARY_PATH={} exec {} <{}",
            library.find().expect("it is there").display(),
            self.program.display(),
            orders.display()
        );
        self.quorate(
            &scenario,
            &["--log", &self.log(), "--", "sh", "-c", &script],
        )
    }

    fn quorate(&self, scenario: &Path, more: &[&str]) -> Output {
        let scenario = scenario.to_str().expect("text");
        let start = ["--quiet", "--pace", "idle", "--scenario", scenario];
        quorate(&[&start[..], more].concat())
    }

    fn log(&self) -> String {
        let log = self.scratch.path().join("log");
        log.to_str().expect("text").to_owned()
    }

    /// What the calls returned, the same with both libraries.
    fn results(&self, scenario: &str, orders: &[&str]) -> Vec<String> {
        let [original, ours] = Library::BOTH.map(|library| {
            let output = self.run(library, scenario, orders);
            let _ = library.check_first_line(&errors(&output));
            printed(&output)
        });
        assert_same(scenario, &original, &ours);
        let first_word = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let shown = ours.lines().filter(|line| line.starts_with(['=', ' ']));
        shown
            .map(|line| match line.strip_prefix("= ") {
                Some(result) => first_word(result)
                    .split(' ')
                    .next()
                    .unwrap_or("")
                    .to_owned(),
                None => first_word(line.trim_start()),
            })
            .collect()
    }
}

const GETINFO: &str = "getinfo 0";
const INIT: &str = "initialize 0";
const DISPATCH_ALL: &str = "dispatch 2";
const TRACK: &str = "trackstart 2";

fn nth() {
    let bench = Bench::new();
    let fault = "[[fault]]\nfunction = \"votequorum_getinfo\"\nnode = 1\n";
    let orders = [INIT, GETINFO, GETINFO, "setexpected 2", GETINFO, GETINFO];
    for (which, expected) in [
        ("nth = 2\nerror = \"CS_ERR_BUSY\"", "1 1 10 1 1 1"),
        ("nth = \"2-3\"\nerror = \"CS_ERR_NO_MEMORY\"", "1 1 8 1 8 1"),
        ("every = 2\nerror = \"CS_ERR_NOT_EXIST\"", "1 1 12 1 1 12"),
        ("nth = \"3-\"\nerror = \"CS_ERR_TRY_AGAIN\"", "1 1 1 1 6 6"),
        ("node = 2\nerror = \"CS_ERR_TRY_AGAIN\"", "1 1 1 1 1 1"),
    ] {
        let fault = match which.strip_prefix("node = 2\n") {
            Some(rest) => format!("{}{rest}\n", fault.replace("node = 1", "node = 2")),
            None => format!("{fault}{which}\n"),
        };
        assert_eq!(
            bench.results(&fault, &orders).join(" "),
            expected,
            "{which}"
        );
    }
}

/// The other node dies while the request is under way: the answer is that of the later moment.
fn delay() {
    let bench = Bench::new();
    let scenario = "[[fault]]\nfunction = \"votequorum_getinfo\"\nnth = 2\ndelay = \"1h\"\n\
        [[step]]\nat = \"10m\"\nkill = 2\n";
    for library in Library::BOTH {
        let text = printed(&bench.run(library, scenario, &[INIT, GETINFO, GETINFO]));
        let totals = text.lines().filter_map(|line| {
            let (_, rest) = line.split_once("total=")?;
            rest.split(' ').next()
        });
        assert_eq!(
            totals.collect::<Vec<_>>(),
            ["2", "1"],
            "{library:?}: {text}"
        );
    }
}

/// Whether it was carried out is seen in the cluster, after the last call.
fn dropped() {
    let bench = Bench::new();
    let orders = [INIT, "setexpected 3", "finalize 0", INIT, GETINFO];
    for (what, expected) in [("request", 2), ("reply", 3)] {
        let scenario = format!(
            "[[fault]]\nfunction = \"votequorum_setexpected\"\ndrop = \"{what}\"\n\
             [[step]]\non_call = {{ function = \"votequorum_getinfo\" }}\n\
             expect = {{ node = 1, quorate = true }}\n\
             [[step]]\npace = \"idle\"\nexpect = {{ node = 1, expected = {expected} }}\n"
        );
        let results = bench.results(&scenario, &orders);
        assert_eq!(results, ["1", "2", "1", "1", "1"], "{what}");
    }
}

/// The reply comes when the fault is switched off. The request was carried out long before.
fn stalled() {
    let bench = Bench::new();
    let scenario = "[[fault]]\nname = \"deaf\"\nfunction = \"votequorum_getinfo\"\nstall = true\n\
        [[step]]\nat = \"10s\"\nkill = 2\n[[step]]\nat = \"1m\"\nfault_off = \"deaf\"\n";
    for library in Library::BOTH {
        let text = printed(&bench.run(library, scenario, &[INIT, GETINFO, GETINFO]));
        let totals: Vec<_> = text
            .matches("total=2")
            .chain(text.matches("total=1"))
            .collect();
        assert_eq!(totals, ["total=2", "total=1"], "{library:?}: {text}");
    }
}

/// Everything is answered with it, connecting as well.
fn storm() {
    let bench = Bench::new();
    let fault = "[[fault]]\nnth = \"2-6\"\nerror = \"CS_ERR_TRY_AGAIN\"\n";
    let orders = [
        INIT,
        GETINFO,
        TRACK,
        "setvotes 1",
        "finalize 0",
        INIT,
        INIT,
        INIT,
        GETINFO,
    ];
    let results = bench.results(fault, &orders).join(" ");
    assert_eq!(results, "1 6 6 6 1 6 6 1 1");
}

fn burst() {
    let bench = Bench::new();
    let fault = "[[fault]]\nfunction = \"votequorum_getinfo\"\nburst = 3\n";
    let results = bench.results(fault, &[INIT, TRACK, DISPATCH_ALL, GETINFO, DISPATCH_ALL]);
    let calls: Vec<_> = results
        .iter()
        .filter(|line| !line.starts_with("event"))
        .collect();
    assert_eq!(calls, ["1"; 5], "{results:?}");
    for event in ["event nodes", "event quorum"] {
        let told = results.iter().filter(|line| *line == event);
        assert_eq!(told.count(), 1 + 3, "{event}: {results:?}");
    }
}

/// While they are held nothing comes, then everything in its order.
fn held_events() {
    let bench = Bench::new();
    let scenario = "[[fault]]\nname = \"late\"\nservice = \"votequorum\"\nhold_events = true\n\
        [[step]]\nat = \"10s\"\nkill = 2\n[[step]]\nat = \"20s\"\nup = 2\n\
        [[step]]\non_call = { function = \"votequorum_getinfo\" }\nfault_off = \"late\"\n";
    let poll = "poll 300";
    let orders = [INIT, TRACK, DISPATCH_ALL, poll, GETINFO, DISPATCH_ALL];
    let results = bench.results(scenario, &orders);
    let first_event = results.iter().position(|line| line.starts_with("event"));
    // Nothing before the second dispatch, and then the states at the start, without node 2, and
    // with it.
    assert_eq!(first_event, Some(5), "{results:?}");
    let quorum = results.iter().filter(|line| *line == "event quorum");
    assert_eq!(quorum.count(), 3, "{results:?}");
}

fn other_services() {
    let bench = Bench::new();
    let scenario = "[cluster]\nnodes = 2\n\
        [[fault]]\nfunction = \"cmap_get\"\nerror = \"CS_ERR_ACCESS\"\n\
        [[fault]]\nservice = \"quorum\"\nfunction = \"quorum_getquorate\"\nerror = \"CS_ERR_BUSY\"\n";
    let scenario = bench.file("scenario.toml", scenario);
    let script = "corosync-cmapctl -g quorum.provider 2>&1; corosync-quorumtool -s 2>&1; true";
    let text = printed(&bench.quorate(&scenario, &["--", "sh", "-c", script]));
    assert!(text.contains("CS_ERR_ACCESS"), "{text}");
    assert!(
        text.contains("CS_ERR_BUSY") || text.contains("quorum_getquorate FAILED: 10"),
        "{text}"
    );
}

/// Joining is refused at first, and the library asks again; a message and those behind it are late, one is lost with its
/// connection; and what was received is as expected.
fn process_groups() {
    let bench = Bench::new();
    let program = CProgram::new("cpg_script-faults")
        .source("tests/c/cpg_script.c")
        .link("cpg")
        .build();
    let mcast = "function = \"cpg_mcast_joined\"\n";
    let text = format!(
        "[cluster]\nnodes = 2\n\
         [[fault]]\nfunction = \"cpg_join\"\nnth = 1\nerror = \"CS_ERR_TRY_AGAIN\"\n\
         [[fault]]\n{mcast}nth = 2\ndelay = \"2s\"\n[[fault]]\n{mcast}nth = 4\ndrop = \"request\"\n\
         [[fault]]\nfunction = \"cpg_membership_get\"\nerror = \"CS_ERR_NO_MEMORY\"\n\
         [expect]\nexit_code = 0\nreceived_exactly = [\n\
         {{ service = \"cpg\", event = \"confchg\", group = \"g\", members = [1], joined = [1] }},\n\
         {{ event = \"deliver\", from = 1, message = \"one\" }},\n\
         {{ event = \"deliver\", message = \"two\" }},\n\
         {{ event = \"deliver\", message = \"three\" }} ]\n"
    );
    let scenario = bench.file("scenario.toml", &text);
    let words = "plain join g join g until confchg members g mcast one mcast two mcast three \
        until three mcast four until never finalize";
    let program = program.to_str().expect("text").to_owned();
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    let log = bench.log();
    let more = [&["--log", &log, "--", &program][..], &words].concat();
    let text = printed(&bench.quorate(&scenario, &more));
    for line in [
        "join g = 1\njoin g = 14\n",
        "members g = 8 ",
        "until never = 2\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let refused = "cpg_join is answered CS_ERR_TRY_AGAIN";
    assert!(
        fs::read_to_string(&log)
            .expect("it was written")
            .contains(refused)
    );
    // The second message is two seconds later than it was sent, with the first.
    let log = fs::read_to_string(log).expect("it was written");
    let times = log.lines().filter(|line| line.contains("bytes from 1"));
    let times = times.filter_map(|line| line.split_once(':')?.1.split(',').next()?.parse().ok());
    let times: Vec<u64> = times.collect();
    assert!(
        times.len() == 3 && times[1] - times[0] > 1_990_000,
        "{times:?}"
    );
}

fn power_off() {
    let bench = Bench::new();
    let scenario = "[cluster]\nnodes = 2\n[[step]]\npace = \"idle\"\npower_off = 1\n\
        [[step]]\npace = \"idle\"\nexpect = { node = 2, quorate = false }\n[expect]\nexit_code = 137\n";
    let scenario = bench.file("scenario.toml", scenario);
    printed(&bench.quorate(&scenario, &["--", "sleep", "1000"]));
}

/// The first answer is that of two nodes, the second that of one that was killed meanwhile.
fn on_call() {
    let bench = Bench::new();
    let scenario = "[[step]]\non_call = { function = \"votequorum_getinfo\", nth = 2, node = 1 }\n\
        set_expected = { node = 1, votes = 3 }\n\
        [[step]]\non_call = { function = \"votequorum_getinfo\" }\nkill = 1\n";
    let orders = [INIT, GETINFO, GETINFO, GETINFO, "finalize 0", INIT];
    assert_eq!(bench.results(scenario, &orders).join(" "), "1 1 1 2 1 2");
    let text = printed(&bench.run(Library::Ours, scenario, &orders));
    assert_eq!(text.matches("expected=2 ").count(), 1, "{text}");
    assert_eq!(text.matches("expected=3 ").count(), 1, "{text}");
}

fn missing_call() {
    let bench = Bench::new();
    let scenario = "[[step]]\non_call = { function = \"votequorum_getinfo\", nth = 3 }\nkill = 1\n";
    let output = bench.run(Library::Ours, scenario, &[INIT, GETINFO]);
    assert_eq!(output.status.code(), Some(123));
    let shown = errors(&output);
    let expected = "votequorum_getinfo is called, 3 times: it was called 1 times";
    assert!(shown.contains(expected), "{shown}");
}

/// The same calls meet it in every run, also in the log.
fn chance() {
    let bench = Bench::new();
    let fault = "[[fault]]\nprobability = 0.4\nfunction = \"votequorum_getinfo\"\n\
        error = \"CS_ERR_TRY_AGAIN\"\n";
    let orders = [&[INIT][..], &[GETINFO; 30]].concat();
    let first = bench.results(fault, &orders);
    let log = fs::read_to_string(bench.log()).expect("it was written");
    assert_eq!(first, bench.results(fault, &orders));
    assert_eq!(
        log,
        fs::read_to_string(bench.log()).expect("it was written")
    );
    let met = first.iter().filter(|result| *result == "6").count();
    assert!((3..=25).contains(&met), "{first:?}");
    assert_eq!(log.matches("is answered CS_ERR_TRY_AGAIN").count(), met);
}
