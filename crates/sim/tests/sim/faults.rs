//! Faults in scenarios: what is refused, and where the error points.

use quorate_sim::fault::{Action, Function, Which};
use quorate_sim::scenario::{Due, Player, When};

use crate::scenarios::parse;

#[test]
fn a_fault_is_read() {
    let text = "[cluster]\nnodes = 3\n[[fault]]\nname = \"a\"\nnode = [1, 2]\nservice = \"cmap\"\n\
        function = \"cmap_get\"\nnth = \"2-5\"\non = false\ndelay = \"2s\"\n[[fault]]\nprobability = 0.25\n\
        drop = \"reply\"\n[[step]]\nat = \"1s\"\nfault_on = \"a\"\n[[step]]\n\
        on_call = { function = \"cpg_join\", nth = 2, node = 3 }\nrestart = 2\n";
    let scenario = parse(text).unwrap();
    let [first, second] = &scenario.faults[..] else {
        panic!("{:?}", scenario.faults);
    };
    assert_eq!(first.function, Function::named("cmap_get"));
    assert_eq!(
        (first.nodes.len(), first.which, first.on),
        (2, Which::Range(2, 5), false)
    );
    assert_eq!((second.which, second.on), (Which::Chance(250_000), true));
    assert_eq!(second.action, Action::DropReply);
    assert!(matches!(&scenario.steps[1].when, When::Call(trigger) if trigger.nth == 2));
    let mut cluster = scenario.cluster(()).unwrap();
    let mut player = Player::new(&scenario);
    player.play(&mut cluster);
    assert_eq!(player.due(), Due::Call);
    // Nobody calls anything: that is a failure.
    let (report, _) = scenario.run().unwrap();
    let failed: Vec<_> = report.failures().map(|check| &check.name[..]).collect();
    assert_eq!(failed, ["cpg_join is called, 2 times"]);
}

#[test]
fn errors_show_the_place() {
    let fault = |text: &str| format!("[cluster]\nnodes = 3\n[[fault]]\n{text}\n");
    let step = |text: &str| fault(&format!("name = \"a\"\nstall = true\n[[step]]\n{text}"));
    let cases = [
        (
            fault(""),
            "3:1: a fault needs exactly one of 'error', 'delay', 'drop'",
        ),
        (
            fault("stall = true\nburst = 3"),
            "3:1: a fault needs exactly one of",
        ),
        (
            fault("error = \"TRY_AGAIN\""),
            "4:9: expected the name of an error like",
        ),
        (
            fault("error = 6"),
            "4:9: expected the name of an error like",
        ),
        (
            fault("function = \"getinfo\"\nstall = true"),
            "4:12: no function of this name asks",
        ),
        (
            fault("function = \"cmap_finalize\"\nstall = true"),
            "4:12: no function of this name",
        ),
        (
            fault("service = \"cluster\"\nstall = true"),
            "4:11: expected \"votequorum\",",
        ),
        (
            fault("function = \"cmap_get\"\nservice = \"cpg\"\nstall = true"),
            "5:11: expected \"votequorum\",",
        ),
        (
            fault("node = 4\nstall = true"),
            "4:8: node 4 is not in the cluster",
        ),
        (
            fault("node = []\nstall = true"),
            "4:8: expected a node id or a list",
        ),
        (
            fault("nth = 0\nstall = true"),
            "4:7: expected the number of a call",
        ),
        (
            fault("nth = \"5-2\"\nstall = true"),
            "4:7: expected the number of a call",
        ),
        (
            fault("nth = 3\nevery = 2\nstall = true"),
            "3:1: a fault can have only one of 'nth'",
        ),
        (
            fault("every = 0\nstall = true"),
            "4:9: expected a number above 0",
        ),
        (
            fault("probability = 1.5\nstall = true"),
            "4:15: expected a probability",
        ),
        (fault("delay = \"2\""), "4:9: expected a time like"),
        (
            fault("drop = \"it\""),
            "4:8: expected \"request\" or \"reply\"",
        ),
        (fault("burst = 0"), "4:9: expected a number from 1 to 10000"),
        (
            fault("stall = false"),
            "4:9: only 'true' means something here",
        ),
        (
            fault("hold_events = true\nnth = 2"),
            "3:1: events are held back of a node",
        ),
        (
            fault("on = false\nstall = true"),
            "4:6: a fault that is off needs a 'name'",
        ),
        (
            fault("function = \"cpg_mcast_joined\"\nerror = \"CS_ERR_BUSY\""),
            "4:12: corosync does not answer this call",
        ),
        (
            fault("function = \"cpg_initialize\"\nerror = \"CS_ERR_BUSY\""),
            "4:12: whoever connects can be told CS_ERR_TRY_AGAIN,",
        ),
        (
            fault("function = \"cmap_initialize\"\ndelay = \"1s\""),
            "4:12: whoever connects can only be told an error",
        ),
        (
            fault("cause = 1\nstall = true"),
            "4:1: unknown field `cause`",
        ),
        (
            step("at = \"1s\"\nfault_on = \"b\""),
            "8:12: there is no fault of this name",
        ),
        (
            step("on_call = { function = \"f\" }\nkill = 1"),
            "7:24: no function of this name asks",
        ),
        (
            step("on_call = { function = \"cpg_join\", nth = 0 }\nkill = 1"),
            "7:42: calls are counted from 1",
        ),
        (
            step("on_call = { function = \"cpg_join\", node = 7 }\nkill = 1"),
            "7:43: node 7 is not in the cluster",
        ),
        (
            step("at = \"1s\"\non_call = { function = \"cpg_join\" }\nkill = 1"),
            "6:1: a step needs exactly one of 'at', 'after', 'pace' and 'on_call'",
        ),
        (
            step("at = \"1s\"\npower_off = 1\n[[step]]\nat = \"2s\"\nrestart = 1"),
            "11:11: node 1 is down at this point",
        ),
    ];
    for (text, message) in cases {
        let error = parse(&text).expect_err(&text).to_string();
        let start = format!("s.toml:{message}");
        assert!(error.starts_with(&start), "{text}\n{error}\n{message}");
    }
}

#[test]
fn expectations_of_what_programs_receive() {
    let text = "[cluster]\nnodes = 2\n[[step]]\npace = \"idle\"\nkill = 2\nexpect = [\n\
        { node = 1, quorate = false, received = [\n\
        { service = \"votequorum\", event = \"nodelist\", members = [1] },\n\
        { event = \"quorum\", quorate = false, node = 1 } ] },\n]\n\
        [expect]\nreceived_exactly = []\n";
    let scenario = parse(text).unwrap();
    // First it happens and the cluster is looked at, then the programs' turn comes.
    let [first, second] = &scenario.steps[..] else {
        panic!("{:?}", scenario.steps);
    };
    assert_eq!((first.expect.len(), first.received.len()), (1, 0));
    assert_eq!((second.expect.len(), second.received.len()), (0, 1));
    assert!(second.operation.is_none() && scenario.listens());
    // Without programs nothing is received: the first fails, the last holds.
    let (report, _) = scenario.run().unwrap();
    let failed: Vec<_> = report.failures().map(ToString::to_string).collect();
    assert_eq!(
        failed,
        [
            "s.toml:7: programs on node 1 received [votequorum nodelist members 1] \
          [node 1: quorum quorate false]: [votequorum nodelist members 1] did not come; \
          no program connected to node 1"
        ]
    );
    for report in [report.to_tap(), report.to_junit()] {
        assert!(report.contains("programs received exactly"), "{report}");
        assert!(
            report.contains("no program connected to node 1"),
            "{report}"
        );
    }
}

#[test]
fn wrong_expectations_show_the_place() {
    let expect = |event: &str| {
        format!(
            "[cluster]\nnodes = 2\n[[step]]\npace = \"idle\"\nexpect = {{ received = [\n{event}\n] }}\n"
        )
    };
    for (event, message) in [
        (
            "{ event = \"nodes\" }",
            "6:11: \"nodes\" is no event of any service; expected one of quorum, nodelist, \
             expectedvotes, extra_info, notify, shutdown, confchg, deliver, totem_confchg",
        ),
        (
            "{ service = \"votequorum\", event = \"quorums\" }",
            "6:35: \"quorums\" is no event of votequorum; expected one of quorum, nodelist, \
             expectedvotes, extra_info",
        ),
        (
            "{ service = \"cfg\", event = \"quorum\" }",
            "6:28: \"quorum\" is no event of cfg; expected one of shutdown",
        ),
        (
            "{ quorate = true }",
            "6:1: expected an 'event', one of quorum, nodelist,",
        ),
        (
            "{ service = \"cpg\", event = 3 }",
            "6:28: expected an 'event', one of confchg, deliver, totem_confchg",
        ),
        (
            "{ service = \"pload\", event = \"quorum\" }",
            "6:13: expected \"votequorum\",",
        ),
        (
            "{ service = \"cmap\", event = \"notify\", quorate = true }",
            "6:49: quorate: the event has only key, change:",
        ),
        (
            "{ event = \"quorum\", quorate = 1.5 }",
            "6:31: quorate: the event has only quorate,",
        ),
        (
            "{ event = \"quorum\", node = 7 }",
            "6:28: node 7 is not in the cluster",
        ),
        (
            "{ event = \"quorum\", node = [1] }",
            "6:28: expected a node id",
        ),
        ("", "5:23: this expects nothing"),
    ] {
        let text = expect(event);
        let error = parse(&text).expect_err(&text).to_string();
        assert!(
            error.starts_with(&format!("s.toml:{message}")),
            "{text}\n{error}\n{message}"
        );
    }
    let text = "[cluster]\nnodes = 1\n[expect]\nviolations = \"some\"\n";
    let error = parse(text).unwrap_err().to_string();
    assert!(
        error.starts_with("s.toml:4:14: expected a number or \"any\""),
        "{error}"
    );
}
