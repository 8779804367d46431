//! How long a program waits for its answers while others attack the simulated cluster it is in.
//! One line per attack: what half of the calls took, what all but one of a hundred took, and the
//! longest; first by the clock, then what the server has worked meanwhile, for everybody. The second
//! is what a program has to wait on a machine whose processors are free. The attackers run in two
//! threads of the same process.

#[path = "../tests/hostile/attacks.rs"]
mod attacks;
#[path = "../../ipc/tests/rig/hostile.rs"]
mod raw;
#[path = "../tests/hostile/rig.rs"]
mod rig;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use attacks::Attack;
use rig::{Rig, Witness};

const TIME: Duration = Duration::from_secs(5);

fn main() {
    println!(
        "calls; median, 99 of 100, longest in microseconds; the same of the server's work; while:"
    );
    for attack in attacks::ALL {
        // Cargo's own arguments aside, words select attacks.
        let words: Vec<_> = std::env::args()
            .skip(1)
            .filter(|word| !word.starts_with('-'))
            .collect();
        if words.is_empty() || words.iter().any(|word| attack.0.contains(word.as_str())) {
            measure(attack);
        }
    }
}

fn measure((name, attack): Attack) {
    let rig = Rig::start();
    let mut witness = Witness::new(&rig);
    let stop = AtomicBool::new(false);
    let (mut times, mut works) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        for first in 0..2 {
            let (rig, stop) = (&rig, &stop);
            scope.spawn(move || {
                for round in (first..).step_by(2) {
                    if stop.load(Ordering::Acquire) {
                        break;
                    }
                    attack(rig.run_dir(), round);
                }
            });
        }
        let start = Instant::now();
        while start.elapsed() < TIME {
            let before = work(&rig);
            times.push(witness.is_served().as_micros());
            works.push((work(&rig) - before).as_micros());
        }
        stop.store(true, Ordering::Release);
    });
    let [time, work] = [times, works].map(|mut all| {
        all.sort_unstable();
        let at = |part: usize| all[(all.len() * part / 100).min(all.len() - 1)];
        (
            all.len(),
            format!("{:6} {:6} {:7}", at(50), at(99), at(100)),
        )
    });
    println!("{:6}; {}; {}; {name}", time.0, time.1, work.1);
}

/// Processor time that the server has had.
fn work(rig: &Rig) -> Duration {
    let mut clock = 0;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the thread runs as long as the rig; both results are writable.
    let done = unsafe {
        libc::pthread_getcpuclockid(rig.server_thread(), &mut clock) == 0
            && libc::clock_gettime(clock, &mut time) == 0
    };
    assert!(done);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
