//! `make bench-client`: libvotequorum, ours beside the original, with one corosync, in one run.
//! Writes docs/performance.md's section and docs/performance.svg. Nothing here passes or fails.
//! `cargo bench --bench client -- instructions` (or `latency`, `scale`) shows only that, for whoever changes
//! the path of a call.

mod chart;
mod count;
mod document;
mod driver;
mod figures;
mod measure;
mod report;
mod scale;

use quorate_testkit::{Cluster, Library, Requirements, source_root};

use measure::Pair;
use report::table;
use scale::Many;

fn main() {
    let needs = Requirements::cluster()
        .ours()
        .program("strace")
        .program("taskset")
        .program("valgrind");
    if let Err(why) = needs.check().and(Library::Original.find().map(drop)) {
        eprintln!("nothing was measured: {why}");
        std::process::exit(1);
    }
    let program = driver::program();
    let cluster = Cluster::builder().start();
    let node = cluster.node(1);
    let asked = |what: &str| std::env::args().any(|argument| argument == what);
    if asked("instructions") {
        driver::pin(node, "0");
        println!("{}", table(&count::instructions(node, &program)));
        return;
    }
    if asked("latency") {
        driver::pin(node, "0");
        println!("{}", table(&Pair::start_pinned(node, &program).latency()));
        return;
    }
    if asked("scale") {
        let many = Many::all(Pair::start(node, &program), node, &program);
        println!("{}", scale::table(&many));
        return;
    }

    driver::pin(node, "0");
    let mut rows = Pair::start_pinned(node, &program).latency();
    rows.extend(count::instructions(node, &program));
    rows.extend(count::system_calls(node, &program));
    let by_name = count::by_name(node, &program);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    driver::pin(node, &format!("0-{}", processors - 1));
    let mut pair = Pair::start(node, &program);
    rows.push(pair.event());
    rows.extend(measure::loading(node, &program));
    rows.extend(pair.memory());

    let threads = pair.threads();
    let many = scale::table(&Many::all(pair, node, &program));

    let mut text = table(&rows);
    text.push_str(&format!(
        "\nSystem calls per getinfo, original and ours: {by_name}.\n\n![Every ratio of the table](performance.svg)\n\n"
    ));
    text.push_str("### Many connections, many threads\n\n");
    text.push_str(&table(&threads));
    text.push_str("\nOriginal, ours and the ratio:\n\n");
    text.push_str(&many);
    println!("{text}");
    let docs = source_root().join("docs");
    document::replace(&docs.join("performance.md"), "client", &text);
    std::fs::write(docs.join("performance.svg"), chart::svg(&rows)).expect("docs can be written");
}
