//! Those who connect to the control socket and mean no good, or are broken: they harm themselves.

use std::fs::DirBuilder;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use quorate_control::{Client, ClientError, ErrorKind, Name, Pace, Request, Served};
use quorate_sim::scenario::Scenario;

fn scenario() -> Scenario {
    let read = |name: &str| Err(name.to_owned());
    Scenario::parse("test", "cluster.nodes = 3", &read).unwrap()
}

/// A cluster, and its socket.
struct Target(Served);

impl Target {
    fn start(test: &str) -> Self {
        Self::start_with(test, Pace::Manual)
    }

    fn start_with(test: &str, pace: Pace) -> Self {
        let name: Name = format!("{test}-{}", std::process::id()).parse().unwrap();
        Self(Served::start(&name, scenario(), pace).unwrap())
    }

    fn directory(&self) -> PathBuf {
        self.0.name().directory()
    }

    fn connect(&self) -> UnixStream {
        UnixStream::connect(self.directory().join(quorate_control::SOCKET)).unwrap()
    }

    fn client(&self) -> Client {
        self.0.client().unwrap()
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

fn answer(stream: &mut UnixStream) -> String {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line
}

/// The other side has closed; maybe before it has read all that it was sent.
fn assert_closed(stream: &mut UnixStream) {
    match stream.read(&mut [0; 1]) {
        Ok(0) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn nonsense_is_answered() {
    let served = Target::start("nonsense");
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
    let served = Target::start("endless");
    let mut stream = served.connect();
    let part = [b'x'; 64 << 10];
    // The server closes while there is more to come.
    while stream.write_all(&part).is_ok() {}
    served.works();
}

#[test]
fn the_silent_and_the_many_are_no_hindrance() {
    let served = Target::start("crowd");
    let mut crowd: Vec<_> = (0..200).map(|_| served.connect()).collect();
    for half in crowd.iter_mut().skip(100) {
        let _ = half.write_all(b"{\"ask\":\"sta");
    }
    served.works();
    // The first ones had to go.
    assert_closed(&mut crowd[0]);
}

/// The longest wait of all goes when there is no room.
#[test]
fn a_crowd_that_waits_is_no_hindrance() {
    let served = Target::start_with("waiters", Pace::Real(0.001));
    served.client().change("kill = 3").unwrap();
    let mut crowd: Vec<_> = (0..100).map(|_| served.connect()).collect();
    for one in &mut crowd {
        let _ = one.write_all(b"{\"ask\":\"wait\",\"limit_ms\":600000}\n");
    }
    let mut client = served.client();
    assert!(!client.status(0).unwrap().quiet);
    client.change("pause = 2").unwrap();
    assert_closed(&mut crowd[0]);
}

#[test]
fn the_end_is_complete() {
    let served = Target::start("end");
    let directory = served.directory();
    let again = Served::start(served.0.name(), scenario(), Pace::Manual);
    assert!(again.is_err(), "the name is taken");
    drop(served);
    assert!(!directory.exists());
}

#[test]
fn one_who_does_not_read_its_answers() {
    let served = Target::start("deaf");
    let mut deaf = served.connect();
    deaf.set_nonblocking(true).unwrap();
    let request = b"{\"ask\":\"status\"}\n".repeat(1000);
    // Until neither side's buffers take any more.
    while deaf.write(&request).is_ok() {}
    served.works();
}

#[test]
fn one_who_leaves_while_it_waits() {
    let served = Target::start("leaver");
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
    let served = Target::start("limit");
    let mut client = served.client();
    client.ask(&Request::Advance { us: 1 << 30 }).unwrap();
    let error = client.ask(&Request::Advance { us: u64::MAX }).unwrap_err();
    let ClientError::Refused(refusal) = error else {
        panic!("{error}");
    };
    assert_eq!(refusal.kind, ErrorKind::Invalid);
    served.works();
}

/// What comes after all would be taken for the answer to the next question.
#[test]
fn a_late_answer_is_nobody_elses() {
    let directory = std::env::temp_dir().join(format!("quorate-late-{}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&directory).unwrap();
    let slow = UnixListener::bind(directory.join(quorate_control::SOCKET)).unwrap();
    let (be_late, late) = mpsc::channel();
    let answering = thread::spawn(move || {
        let mut stream = slow.accept().unwrap().0;
        answer(&mut stream);
        late.recv().unwrap();
        let _ = stream.write_all(b"{\"reply\":\"done\",\"time_us\":1,\"happened\":true}\n");
        stream
    });
    let limit = Some(Duration::from_millis(50));
    let client = Client::connect_within(&directory, limit);
    std::fs::remove_dir_all(&directory).unwrap();
    let mut client = client.unwrap();
    let error = client.change("kill = 3").unwrap_err();
    assert!(matches!(error, ClientError::NoAnswer(_)), "{error}");
    be_late.send(()).unwrap();
    let _open = answering.join().unwrap();
    let error = client.change("up = 3").unwrap_err();
    assert!(matches!(error, ClientError::Connection(_)), "{error}");
}

#[test]
fn a_directory_that_others_can_write_is_not_trusted() {
    let served = Target::start("open");
    let directory = served.directory();
    for mode in [0o722, 0o720, 0o777] {
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(mode)).unwrap();
        let error = Client::find(served.0.name()).unwrap_err();
        assert!(matches!(error, ClientError::Untrusted(_)), "{error}");
    }
    std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o700)).unwrap();
    served.works();
}
