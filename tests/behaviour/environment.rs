//! Where the library connects to, as whom, and what it leaves behind.

use std::io::{BufRead as _, BufReader};
use std::ops::Deref;
use std::process::Stdio;

use quorate_testkit::{CProgram, Cluster, Library, Node, Requirements, Suite, source_root};

use super::{Ended, PROGRAM, converse, running};

pub(super) fn run(suite: &mut Suite, needs: &Requirements, cluster: &impl Deref<Target = Cluster>) {
    suite.test_with(
        "sockets_in_the_file_system",
        needs,
        sockets_in_the_file_system,
    );
    let setpriv = needs.clone().program("setpriv");
    suite.test_with("a_user_who_is_not_admitted", &setpriv, || {
        not_admitted(running(cluster))
    });
    suite.test_with("somebody_else_listens", &setpriv, || {
        somebody_else_listens(running(cluster))
    });
    suite.test_with("run_dir_in_a_set_user_id_program", &setpriv, || {
        run_dir_with_raised_rights(running(cluster));
    });
    suite.test_with("other_libraries_in_a_set_group_id_program", needs, || {
        other_libraries_with_raised_rights(running(cluster));
    });
    suite.test_with("run_dir_without_a_daemon", needs, || {
        no_daemon_in_run_dir(running(cluster))
    });
    suite.test_with("run_dir_that_others_can_write_to", needs, || {
        foreign_run_dir(running(cluster));
    });
}

/// Runs a command in the node and returns what it printed.
fn shell(node: &Node, script: &str) -> String {
    let output = node
        .command("/bin/sh")
        .with_args(["-ec", script])
        .output()
        .expect("sh runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// libqb's switch, in an /etc that only this node sees, and so is /tmp, where Debian's libqb has
/// its sockets; the daemon obeys the switch as well.
fn sockets_in_the_file_system() {
    let cluster = Cluster::builder().nodes(1).prepare();
    let node = cluster.node(1);
    let kept = cluster.scratch().path().display();
    shell(
        node,
        &format!(
            "mkdir /run/own && mount -t tmpfs none /run/own
             mkdir /run/own/kept && mount --bind {kept} /run/own/kept
             for directory in etc tmp; do
                 own=/run/own/$directory
                 mkdir $own $own.work
                 mount -t overlay -o lowerdir=/$directory,upperdir=$own,workdir=$own.work none /$directory
             done
             mkdir -p /etc/libqb && touch /etc/libqb/force-filesystem-sockets
             mount --bind /run/own/kept {kept}"
        ),
    );
    node.start();
    let sockets = shell(node, "cat /proc/net/unix");
    assert!(
        !sockets.contains("@votequorum"),
        "the daemon listens to an abstract socket: {sockets}"
    );
    for library in Library::BOTH {
        let mut command = node.command(&*PROGRAM);
        command.args(["callbacks_may_call_all", "60"]);
        let (ended, printed, complaints) = converse(node, command, library);
        assert_eq!(ended, Ended::Normally, "{library:?}: {printed}{complaints}");
        assert!(
            printed.ends_with("dispatch 1 6\n"),
            "{library:?}: {printed}"
        );
    }
}

fn not_admitted(node: &Node) {
    for library in Library::BOTH {
        let mut command = node.command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&*PROGRAM).args(["initialize_only", "60"]);
        let (_, printed, _) = converse(node, command, library);
        assert_eq!(printed, "11\n", "{library:?}");
    }
}

/// While corosync is down anybody may take its name, and name files of root's in the handshake.
fn somebody_else_listens(node: &Node) {
    let squatter = CProgram::new("squatter")
        .source("tests/behaviour/squatter.c")
        .build();
    let space = Cluster::builder().nodes(1).prepare();
    let mut listening = space.node(1).command("setpriv");
    listening
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(squatter);
    listening.stdout(Stdio::piped());
    let mut squatter = listening.spawn().expect("setpriv runs");
    let mut said = String::new();
    BufReader::new(squatter.stdout.take().expect("piped"))
        .read_line(&mut said)
        .expect("text");
    assert_eq!(said, "listening\n");
    let mut command = space.node(1).command(&*PROGRAM);
    command.args(["initialize_only", "60"]);
    let (ended, printed, complaints) = converse(node, command, Library::Ours);
    assert_eq!(
        (ended, printed.as_str()),
        (Ended::Normally, "11\n"),
        "{complaints}"
    );
}

/// Linked statically, for the loader ignores its variables in such a program, too.
fn run_dir_with_raised_rights(node: &Node) {
    let program = CProgram::new("set-user-id")
        .source("tests/behaviour/initialize.c")
        .include(&source_root().join("include"))
        .flag(&format!("-L{}", source_root().join("build/lib").display()))
        .link(":libvotequorum.a")
        .build();
    let copy = shell(
        node,
        &format!(
            "cp {} /run/raised && chown 65534 /run/raised && chmod 4755 /run/raised && \
             QUORATE_RUN_DIR=/nowhere {} && QUORATE_RUN_DIR=/nowhere /run/raised",
            program.display(),
            program.display()
        ),
    );
    // Nobody listens in a directory that does not exist. With raised rights it is not looked at:
    // the daemon is found, admits root, and makes files that this effective user can't open.
    assert_eq!(copy, "2\n11\n");
}

/// The group's rights are raised, so that the program may still do all that root may. The loader obeys
/// paths in the program, and none of its variables.
fn other_libraries_with_raised_rights(node: &Node) {
    let lib = source_root().join("build/lib").display().to_string();
    let flags = ["-L", "-Wl,-rpath,"].map(|flag| format!("{flag}{lib}"));
    let program = CProgram::new("raised")
        .source("tests/behaviour/raised.c")
        .include(&source_root().join("include"));
    let program = flags
        .iter()
        .fold(program, |program, flag| program.flag(flag));
    // Before the C library, as with LD_PRELOAD.
    let program = ["quorate_preload", "ncssdk", "quorate"]
        .iter()
        .fold(program, |program, library| program.link(library))
        .build();
    let printed = shell(
        node,
        &format!(
            "export QUORATE_RUN_DIR=/nowhere QUORATE_COMMAND=/bin/false
            cp {} /run/raised-group && /run/raised-group
            chgrp 65534 /run/raised-group && chmod 2755 /run/raised-group && /run/raised-group",
            program.display()
        ),
    );
    assert_eq!(
        printed,
        "connect 111\nNCS_Register 8\nquorate_start: /bin/false: it ended at once\n\
        connect 0\nNCS_Register 0\n\
        quorate_start: a program with raised rights cannot start clusters\n"
    );
}

fn no_daemon_in_run_dir(node: &Node) {
    let mut command = node.command(&*PROGRAM);
    command
        .args(["no_daemon_writes_nothing", "60"])
        .env("QUORATE_RUN_DIR", "/nowhere");
    let (_, printed, _) = converse(node, command, Library::Ours);
    assert_eq!(printed, "2 untouched\n");
}

fn foreign_run_dir(node: &Node) {
    for (script, printed) in [
        ("mkdir -m 777 /run/open", "11 untouched\n"),
        (
            "chmod 700 /run/open && chown 65534 /run/open",
            "11 untouched\n",
        ),
        ("chown 0 /run/open", "2 untouched\n"),
    ] {
        shell(node, script);
        let mut command = node.command(&*PROGRAM);
        command
            .args(["no_daemon_writes_nothing", "60"])
            .env("QUORATE_RUN_DIR", "/run/open");
        assert_eq!(
            converse(node, command, Library::Ours).1,
            printed,
            "{script}"
        );
    }
}
