//! Who is let in by `uidgid`: the same users in a real cluster and in a simulated one that root
//! has opened.

use std::fs;
use std::path::{Path, PathBuf};

use quorate_testkit::compare::assert_same;
use quorate_testkit::{CProgram, Cluster, Requirements, Scratch, Suite};

use crate::tool::{config, errors, printed, quorate, unprivileged};

/// Nobody on this machine has these.
const UIDGID: &str = "uidgid {\nuid: 4242\n}\nuidgid {\ngid: 4343\n}";

pub(crate) fn run_all(suite: &mut Suite) {
    let needs = Requirements::cluster()
        .header("corosync/cmap.h")
        .program("corosync-quorumtool")
        .program("corosync-cmapctl")
        .program("setpriv");
    suite.test_with("users/admitted_and_refused", &needs, admitted_and_refused);
    suite.test_with("users/files_are_private", &needs, files_are_private);
    suite.test_with("users/closed_by_default", &needs, closed_by_default);
}

/// The configuration of one node with those entries.
fn with_users(scratch: &Scratch) -> PathBuf {
    let file = config(scratch, 1);
    let text = fs::read_to_string(&file).expect("text");
    fs::write(&file, format!("{text}{UIDGID}\n")).expect("it is ours");
    file
}

/// Each is refused or let in, and by its real ids: that is what the kernel tells of who connects.
fn admitted_and_refused() {
    let program = CProgram::new("users")
        .source("tests/c/users.c")
        .link("cmap")
        .build();
    let script = format!(
        "
        try={}
        $try 65534 65534 65534 65534 -
        $try 4242 4242 65534 65534 -
        $try 4343 4343 65534 65534 -
        $try 65534 65534 4343 4343 -
        $try 65534 65534 4242 4242 -
        $try 65534 65534 65534 65534 4343
        $try 65534 65534 0 0 -
        $try 65534 4242 65534 65534 -
        $try 4242 65534 65534 65534 -
        $try 65534 65534 65534 4343 -
        $try 65534 65534 4343 65534 -
        $try 0 65534 65534 65534 -
        corosync-cmapctl -s uidgid.uid.65534 u8 1
        $try 65534 65534 65534 65534 -
        corosync-cmapctl -s uidgid.uid.65534 u8 0
        $try 65534 65534 65534 65534 -
        corosync-cmapctl -s uidgid.gid.65534 u32 1
        $try 65534 65534 65534 65534 -
        corosync-cmapctl -d uidgid.config.uid.4242
        $try 4242 4242 65534 65534 -",
        program.display()
    );
    let cluster = Cluster::builder().section(UIDGID).start();
    let command = cluster
        .node(1)
        .command("sh")
        .with_args(["-c", &script])
        .output();
    let real = printed(&command.expect("it runs"));
    assert!(real.contains(": 1\n") && real.contains(": 11\n"), "{real}");
    let scratch = Scratch::new("users");
    let simulated = printed(&opened(&with_users(&scratch), &script));
    assert_same("who is let in", &real, &simulated);
}

fn opened(config: &Path, script: &str) -> std::process::Output {
    let config = config.to_str().expect("text");
    quorate(&[
        "--quiet",
        "--allow-users",
        "--compat",
        "corosync-3.1",
        "--config",
        config,
        "--",
        "sh",
        "-c",
        script,
    ])
}

/// While one that is let in is connected, another one finds neither names nor contents.
fn files_are_private() {
    let script = "
        umask 077
        home=$(dirname $QUORATE_RUN_DIR)
        let_in='setpriv --reuid 4242 --regid 65534 --clear-groups'
        other='setpriv --reuid 65534 --regid 4343 --clear-groups'
        $let_in stdbuf -oL corosync-quorumtool -m > $home/told &
        until grep -q Quorate $home/told; do sleep 0.02; done
        for file in $(find $home -name 'qb-*'); do
            stat -c '%a %u %g' $file
            $let_in cat $file > /dev/null && echo own
            $other cat $file 2>&1 | grep -q 'Permission denied' && echo denied
            $let_in mv $file $file.away 2>&1 | grep -q 'Permission denied' && echo stays
        done | sort | uniq -c | awk '{ $1 = $1 > 5; print }'
        for place in $home $QUORATE_RUN_DIR; do
            stat -c %a $place
            $other ls $place 2>&1 | grep -o 'Permission denied'
            $other touch $place/new 2>&1 | grep -o 'Permission denied'
        done
        kill $!";
    let scratch = Scratch::new("users");
    let text = printed(&opened(&with_users(&scratch), script));
    let place = "711\nPermission denied\nPermission denied\n";
    let files = "1 600 4242 65534\n1 denied\n1 own\n1 stays\n";
    assert_eq!(text, format!("{files}{place}{place}"));
}

/// Without being told to, not even root lets others in; and only root can.
fn closed_by_default() {
    let scratch = Scratch::new("users");
    let file = with_users(&scratch);
    let config = file.to_str().expect("text");
    let script = "
        stat -c %a $QUORATE_RUN_DIR $(dirname $QUORATE_RUN_DIR) $QUORATE_RUN_DIR/cmap
        setpriv --reuid 4242 --regid 65534 --clear-groups corosync-quorumtool -s > /dev/null 2>&1
        echo $?";
    let text = printed(&quorate(&[
        "--quiet", "--config", config, "--", "sh", "-c", script,
    ]));
    let (modes, status) = text.rsplit_once("\n1\n").unwrap_or_default();
    assert!(
        modes.starts_with("700\n700\n") && status.is_empty(),
        "{text}"
    );
    let refused = unprivileged(&["--allow-users", "--config", config, "--", "true"]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(
        errors(&refused).contains("--allow-users: only root"),
        "{}",
        errors(&refused)
    );
}
