//! Programs that leave a simulated cluster's sockets.

use std::thread::spawn;
use std::time::Duration;

use quorate_engine::{Compat, NodeId};
use quorate_ipc::{Connection, Endpoint, Options, Service};
use quorate_sim::config::ClusterConfig;
use quorate_sim::host::Host;
use quorate_sim::{Cluster, What};

const LIMIT: Duration = Duration::from_secs(60);

fn connect(host: &mut Host, service: Service) -> Connection {
    let endpoint = Endpoint::RunDir(host.run_dir(NodeId(1)));
    let options = Options {
        max_msg_size: 8192,
        timeout: Some(LIMIT),
    };
    let client = spawn(move || Connection::connect(service, &endpoint, options));
    let others = host.server().connections().len();
    while host.server().connections().len() == others {
        host.serve(Some(LIMIT)).unwrap();
    }
    client.join().unwrap().unwrap()
}

/// The order in which the system says that they have hung up differs from one run of a scenario to
/// the next, and must not be seen in its log.
#[test]
fn connections_that_end_together_end_in_the_order_of_their_numbers() {
    let cluster = Cluster::new(ClusterConfig::with_nodes(1..=1), Compat::default(), 1);
    let mut host = Host::new(cluster, "/dev/shm".as_ref()).unwrap();
    host.act(Cluster::start_all).unwrap().unwrap();
    host.act(Cluster::run_until_quiet).unwrap();
    use Service::{Cfg, Cmap, Cpg, Quorum};
    for service in [Cfg, Cmap, Cpg, Quorum] {
        let first = connect(&mut host, service);
        let second = connect(&mut host, Service::VoteQuorum);
        let third = connect(&mut host, service);
        host.act(Cluster::take_log).unwrap();
        drop((second, third, first));
        // Nothing has been taken in yet: the host serves in this thread.
        while !host
            .cluster()
            .log()
            .iter()
            .any(|record| is_gone(&record.what).is_some())
        {
            assert!(host.serve(Some(LIMIT)).unwrap(), "nobody left");
        }
        let log = host.act(Cluster::take_log).unwrap();
        let gone: Vec<_> = log
            .iter()
            .filter_map(|record| is_gone(&record.what))
            .collect();
        assert_eq!(
            gone.len(),
            3,
            "{service:?}: they were taken leave of together"
        );
        assert!(gone.is_sorted(), "{service:?}: {gone:?}");
    }
}

fn is_gone(what: &What) -> Option<u64> {
    match what {
        What::ClientGone { client } => Some(*client),
        _ => None,
    }
}
