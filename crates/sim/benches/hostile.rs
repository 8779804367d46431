//! How long a program waits for its answers while others attack the simulated cluster it is in.
//! One line per attack: what half of the calls took, what all but one of a hundred took, and the
//! longest. The attackers run in two threads of the same process.

#[path = "../tests/hostile/attacks.rs"]
mod attacks;
#[path = "../../ipc/tests/rig/hostile.rs"]
mod raw;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/hostile/rig.rs"]
mod rig;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use attacks::Attack;
use rig::{Rig, Witness};

const TIME: Duration = Duration::from_secs(5);

fn main() {
    println!("calls, median, 99 of 100, longest (in microseconds), while:");
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
    let mut times = Vec::new();
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
            times.push(witness.is_served().as_micros());
        }
        stop.store(true, Ordering::Release);
    });
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    println!(
        "{:7} {:6} {:6} {:6}  {name}",
        times.len(),
        at(50),
        at(99),
        at(100)
    );
}
