//! The shared libraries are what programs built for the originals expect: symbols, versions,
//! names, needs, types; the headers compile wherever the originals' do.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use quorate_testkit::{Requirements, Suite, source_root};

mod control;
mod headers;
mod install;
mod loading;
mod manual;
mod ncssdk;
mod types;

fn main() -> ExitCode {
    let mut suite = Suite::from_arguments("abi");
    let ours = Requirements::none().ours().program("nm").program("readelf");
    suite.test_with("symbols", &ours, symbols);
    suite.test_with("archive_symbols", &ours, archive_symbols);
    suite.test_with("names_and_needs", &ours, names_and_needs);
    suite.test_with("who_has_a_reserve", &ours, who_has_a_reserve);
    headers::run(&mut suite);
    types::run(&mut suite);
    loading::run(&mut suite);
    ncssdk::run(&mut suite);
    control::run(&mut suite);
    manual::run(&mut suite);
    install::run(&mut suite);
    suite.finish()
}

/// A library as `make` builds it.
fn library(name: &str) -> PathBuf {
    source_root().join("build/lib").join(name)
}

/// Runs a command that must succeed and returns what it printed, on either stream.
#[track_caller]
fn output_of(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}",
        output.status
    );
    text
}

/// Memory in reserve is in the library that uses it alone: it counts as address space.
fn who_has_a_reserve() {
    const RESERVE: u64 = 512 << 10;
    for (name, has) in [
        ("libncssdk.so.1", true),
        ("libvotequorum.so.8", false),
        ("libcorosync_common.so.4", false),
        ("libquorate.so.0", false),
    ] {
        let sections = output_of(Command::new("readelf").arg("-SW").arg(library(name)));
        let line = sections.lines().find(|line| line.contains(" .bss "));
        // The name, the type, the address, the offset, the size.
        let size = line.and_then(|line| line.split(" .bss ").nth(1)?.split_whitespace().nth(3));
        let size = u64::from_str_radix(size.expect("a size"), 16).expect("a number");
        assert_eq!(size >= RESERVE, has, "{name}: {size} bytes");
    }
}

fn symbols() {
    for (soname, list) in [
        ("libvotequorum.so.8", include_str!("libvotequorum.symbols")),
        (
            "libcorosync_common.so.4",
            include_str!("libcorosync_common.symbols"),
        ),
        ("libncssdk.so.1", include_str!("libncssdk.symbols")),
        ("libquorate.so.0", include_str!("libquorate.symbols")),
    ] {
        let table = output_of(
            Command::new("nm")
                .args([
                    "--dynamic",
                    "--defined-only",
                    "--with-symbol-versions",
                    "--format=posix",
                ])
                .arg(library(soname)),
        );
        // Lines of type A are the version nodes themselves.
        let mut exported: Vec<&str> = table
            .lines()
            .filter(|line| line.split(' ').nth(1) != Some("A"))
            .filter_map(|line| line.split(' ').next())
            .collect();
        exported.sort_unstable();
        assert_eq!(exported, list.lines().collect::<Vec<_>>(), "{soname}");
    }
}

/// Whoever links the archive with another Rust library would find everything
/// else in there twice.
fn archive_symbols() {
    let table = output_of(
        Command::new("nm")
            .args(["--defined-only", "--extern-only", "--format=posix"])
            .arg(library("libvotequorum.a")),
    );
    let mut exported: Vec<&str> = table
        .lines()
        .filter(|line| line.contains(' '))
        .filter_map(|line| line.split(' ').next())
        .collect();
    exported.sort_unstable();
    let names: Vec<&str> = include_str!("libvotequorum.symbols")
        .lines()
        .filter_map(|line| line.split('@').next())
        .collect();
    assert_eq!(exported, names);
}

fn names_and_needs() {
    for soname in [
        "libvotequorum.so.8",
        "libcorosync_common.so.4",
        "libncssdk.so.1",
        "libquorate.so.0",
    ] {
        let section = output_of(
            Command::new("readelf")
                .arg("--dynamic")
                .arg(library(soname)),
        );
        let values = |tag: &str| -> Vec<String> {
            let tagged = section
                .lines()
                .filter(|line| line.contains(&format!("({tag})")));
            let mut values: Vec<String> = tagged
                .filter_map(|line| Some(line.split_once('[')?.1.trim_end_matches(']').to_owned()))
                .collect();
            values.sort();
            values
        };
        assert_eq!(values("SONAME"), [soname]);
        let loader = if cfg!(target_arch = "x86_64") {
            "ld-linux-x86-64.so.2"
        } else {
            "ld-linux"
        };
        for needed in values("NEEDED") {
            assert!(
                ["libc.so.6", "libgcc_s.so.1"].contains(&needed.as_str())
                    || needed.starts_with(loader),
                "{soname} needs {needed}"
            );
        }
        assert!(
            values("RUNPATH").is_empty() && values("RPATH").is_empty(),
            "{section}"
        );
    }
}

/// The directory of the installed original's headers.
fn original_headers() -> &'static Path {
    Path::new("/usr/include")
}
