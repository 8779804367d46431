//! Those who connect to the control socket and mean no good, or are broken: they harm themselves.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use quorate_control::{Client, ClientError, ErrorKind, Live, Name, Pace, Request};
use quorate_engine::Compat;
use quorate_sim::Cluster;
use quorate_sim::config::ClusterConfig;
use quorate_sim::host::Host;
use quorate_sim::scenario::{Player, Scenario};

/// A cluster that a thread of this process serves.
struct Served {
    name: Name,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn start(test: &str) -> Self {
        let name: Name = format!("{test}-{}", std::process::id()).parse().unwrap();
        let (ready, wait) = mpsc::channel();
        let own = name.clone();
        let thread = thread::spawn(move || serve(own, &ready));
        wait.recv().unwrap();
        let thread = Some(thread);
        Self { name, thread }
    }

    fn socket(&self) -> PathBuf {
        self.name.directory().join(quorate_control::SOCKET)
    }

    fn connect(&self) -> UnixStream {
        UnixStream::connect(self.socket()).unwrap()
    }

    fn client(&self) -> Client {
        Client::find(&self.name).unwrap()
    }

    /// Those who behave are served as ever.
    #[track_caller]
    fn works(&self) {
        let mut client = self.client();
        client.change("kill = 3").unwrap();
        client.ask(&Request::Wait { limit_ms: 60_000 }).unwrap();
        assert_eq!(client.status(0).unwrap().nodes[0].members, [1, 2]);
        client.change("up = 3").unwrap();
        client.ask(&Request::Wait { limit_ms: 60_000 }).unwrap();
        assert_eq!(client.status(0).unwrap().nodes[0].members, [1, 2, 3]);
    }
}

fn serve(name: Name, ready: &mpsc::Sender<()>) {
    let config = ClusterConfig::with_nodes(1..=3);
    let scenario = Scenario {
        name: "none".to_owned(),
        config: config.clone(),
        seed: 0,
        compat: Compat::default(),
        before: Vec::new(),
        faults: Vec::new(),
        start: true,
        steps: Vec::new(),
        exit_code: None,
        violations: Some(0),
        received: Vec::new(),
    };
    let cluster = Cluster::new(config, Compat::default(), 1);
    let mut host = Host::named(cluster, &quorate_control::base(), &name.in_directory()).unwrap();
    host.act(Cluster::start_all).unwrap().unwrap();
    let player = Player::new(&scenario);
    let mut live = Live::new(host, name, player, Pace::Manual, Box::new(|_| Ok(()))).unwrap();
    ready.send(()).unwrap();
    live.turn().unwrap();
    while !live.is_stopping() {
        live.wait(&[]).unwrap();
        live.turn().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.client().stop().unwrap();
        self.thread.take().unwrap().join().unwrap();
        assert!(!self.name.directory().exists());
    }
}

fn answer(stream: &mut UnixStream) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line
}

#[test]
fn nonsense_is_answered() {
    let served = Served::start("nonsense");
    let mut stream = served.connect();
    for nonsense in [
        &b"\n"[..],
        b"{}\n",
        b"\xff\xfe\0\n",
        b"{\"ask\":\"fly\"}\n",
        b"{\"ask\":\"advance\",\"us\":-1}\n",
        b"{\"ask\":\"change\",\"step\":\"kill = 3\",\"more\":1}\n",
        b"{\"ask\":\"change\",\"step\":\"]]]\"}\n",
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
    ] {
        stream.write_all(nonsense).unwrap();
        let answer = answer(&mut stream);
        assert!(
            answer.contains("\"refused\"") && answer.contains("\"invalid\""),
            "{answer}"
        );
    }
    served.works();
}

#[test]
fn a_request_without_an_end_is_cut_off() {
    let served = Served::start("endless");
    let mut stream = served.connect();
    let part = [b'x'; 64 << 10];
    // The server closes while there is more to come.
    while stream.write_all(&part).is_ok() {}
    served.works();
}

#[test]
fn the_silent_and_the_many_are_no_hindrance() {
    let served = Served::start("crowd");
    let mut crowd: Vec<_> = (0..200).map(|_| served.connect()).collect();
    for half in crowd.iter_mut().skip(100) {
        let _ = half.write_all(b"{\"ask\":\"sta");
    }
    served.works();
    // The first ones had to go.
    assert_eq!(crowd[0].read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn one_who_does_not_read_its_answers() {
    let served = Served::start("deaf");
    let mut deaf = served.connect();
    deaf.set_nonblocking(true).unwrap();
    let request = b"{\"ask\":\"status\"}\n".repeat(1000);
    // Until neither side's buffers take any more.
    while deaf.write(&request).is_ok() {}
    served.works();
}

#[test]
fn one_who_leaves_while_it_waits() {
    let served = Served::start("leaver");
    for request in [
        "{\"ask\":\"wait\",\"limit_ms\":600000}\n",
        "{\"ask\":\"status\"}\n",
    ] {
        let mut stream = served.connect();
        // It would wait for time to pass in a cluster that is never at rest.
        served.client().change("pause = 3").unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        drop(stream);
        served.client().change("resume = 3").unwrap();
    }
    served.works();
}

#[test]
fn waits_have_an_end() {
    let served = Served::start("limit");
    let mut client = served.client();
    client.ask(&Request::Advance { us: 1 << 30 }).unwrap();
    let error = client.ask(&Request::Advance { us: u64::MAX }).unwrap_err();
    let ClientError::Refused(refusal) = error else {
        panic!("{error}");
    };
    assert_eq!(refusal.kind, ErrorKind::Invalid);
    served.works();
}

#[test]
fn a_directory_that_others_can_enter_is_not_trusted() {
    let served = Served::start("open");
    let directory = served.name.directory();
    for mode in [0o755, 0o710, 0o777] {
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(mode)).unwrap();
        let error = Client::find(&served.name).unwrap_err();
        assert!(matches!(error, ClientError::Untrusted(_)), "{error}");
    }
    std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o700)).unwrap();
    served.works();
}
