//! `make install` gives what a program needs to be built and run; `make uninstall` takes it away.

use std::fs;
use std::path::Path;
use std::process::Command;

use quorate_testkit::compile::make;
use quorate_testkit::{Requirements, Scratch, Suite, source_root};

use crate::output_of;

pub(crate) fn run(suite: &mut Suite) {
    let needs = Requirements::none()
        .ours()
        .program("make")
        .program("cc")
        .program("pkg-config");
    suite.test_with("install/build_run_and_remove", &needs, build_run_and_remove);
    suite.test_with("install/destdir", &needs, destdir);
}

fn files_below(directory: &Path) -> Vec<String> {
    let mut files = Vec::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.is_symlink() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(directory).expect("below it");
                files.push(name.to_str().expect("text").to_owned());
            }
        }
    }
    files.sort();
    files
}

const INSTALLED: [&str; 23] = [
    "bin/quorate",
    "include/corosync/corotypes.h",
    "include/corosync/votequorum.h",
    "include/ncssdk.h",
    "include/quorate.h",
    "lib/libcorosync_common.so",
    "lib/libcorosync_common.so.4",
    "lib/libcorosync_common.so.4.0.0",
    "lib/libncssdk.so",
    "lib/libncssdk.so.1",
    "lib/libncssdk.so.1.0.0",
    "lib/libquorate.so",
    "lib/libquorate.so.0",
    "lib/libquorate.so.0.1.0",
    "lib/libvotequorum.a",
    "lib/libvotequorum.so",
    "lib/libvotequorum.so.8",
    "lib/libvotequorum.so.8.1.0",
    "lib/pkgconfig/libcorosync_common.pc",
    "lib/pkgconfig/libvotequorum.pc",
    "lib/pkgconfig/ncssdk.pc",
    "lib/pkgconfig/quorate.pc",
    "lib/quorate/libquorate_preload.so",
];

/// Where the pages of the source tree are to be.
fn manual_pages() -> Vec<String> {
    let directory = std::fs::read_dir(source_root().join("man")).expect("the pages are there");
    let mut pages: Vec<String> = directory
        .map(|entry| entry.expect("the pages are there").file_name())
        .map(|name| name.into_string().expect("text"))
        .map(|name| format!("share/man/man{}/{name}", &name[name.len() - 1..]))
        .collect();
    pages.sort();
    pages
}

fn build_run_and_remove() {
    let scratch = Scratch::new("install");
    let prefix = scratch.path();
    let variables = [format!("PREFIX={}", prefix.display())];
    make("install", &variables);
    let (pages, others): (Vec<_>, Vec<_>) = files_below(prefix)
        .into_iter()
        .partition(|file| file.starts_with("share/man/"));
    assert_eq!(others, INSTALLED);
    assert_eq!(pages, manual_pages());

    for (packages, source, expected) in [
        (
            &["libvotequorum >= 3.1", "libcorosync_common"][..],
            "program.c",
            "7 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n",
        ),
        (&["ncssdk"], "ncs_program.c", "2 9 9 9 9 9 9 9 9 9\n"),
        // It finds the command that was installed with it.
        (&["quorate"], "control_program.c", "3 1 3 3 3 1\n"),
    ] {
        let flags = output_of(
            Command::new("pkg-config")
                .env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"))
                .args(["--cflags", "--libs"])
                .args(packages),
        );
        let program = prefix.join("program");
        output_of(
            Command::new("cc")
                .arg(source_root().join("tests/abi").join(source))
                .arg("-o")
                .arg(&program)
                .args(flags.split_whitespace()),
        );
        let mut command = Command::new(&program);
        let command = command.env("LD_LIBRARY_PATH", prefix.join("lib"));
        assert_eq!(output_of(command.env("LD_BIND_NOW", "1")), expected);
        fs::remove_file(program).expect("it was built");
    }
    // The command finds its library where it was installed.
    let shown = output_of(Command::new(prefix.join("bin/quorate")).args([
        "run",
        "--quiet",
        "--",
        "printenv",
        "LD_PRELOAD",
    ]));
    let preloaded = fs::canonicalize(shown.trim()).expect("it exists");
    let installed = fs::canonicalize(prefix.join("lib/quorate/libquorate_preload.so"));
    assert_eq!(preloaded, installed.expect("it was installed"));

    make("uninstall", &variables);
    assert_eq!(files_below(prefix), [""; 0]);
}

fn destdir() {
    let scratch = Scratch::new("install");
    let variables = [
        format!("DESTDIR={}", scratch.path().display()),
        "PREFIX=/usr".to_owned(),
        "LIBDIR=/usr/lib/multi".to_owned(),
        "INCLUDEDIR=/usr/include/own".to_owned(),
    ];
    make("install", &variables);
    let files = files_below(scratch.path());
    let mut expected: Vec<String> = INSTALLED
        .iter()
        .map(|name| match name.strip_prefix("lib/") {
            Some(private) if private.starts_with("quorate/") => format!("usr/{name}"),
            Some(rest) => format!("usr/lib/multi/{rest}"),
            None => match name.strip_prefix("include/") {
                Some(rest) => format!("usr/include/own/{rest}"),
                None => format!("usr/{name}"),
            },
        })
        .chain(manual_pages().iter().map(|page| format!("usr/{page}")))
        .collect();
    expected.sort();
    assert_eq!(files, expected);
    let pc = scratch
        .path()
        .join("usr/lib/multi/pkgconfig/libvotequorum.pc");
    let pc = fs::read_to_string(pc).expect("it was installed");
    assert!(
        pc.contains("libdir=/usr/lib/multi\nincludedir=/usr/include/own\n"),
        "{pc}"
    );
    make("uninstall", &variables);
    assert_eq!(files_below(scratch.path()), [""; 0]);
    let pages = fs::read_dir(scratch.path().join("usr/share/man")).expect("it is there");
    assert_eq!(pages.count(), 0, "directories of sections are left");
}
