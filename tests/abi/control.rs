//! `quorate.h`: there is no original to compare it with.

use quorate_testkit::{Requirements, Suite, source_root};

use crate::headers::{PEDANTIC, compile};

pub(crate) fn run(suite: &mut Suite) {
    let ours = Requirements::none().ours().program("cc").program("c++");
    suite.test_with("control/header_compiles_everywhere", &ours, everywhere);
}

fn everywhere() {
    let include = source_root().join("include");
    for standard in ["-std=c99", "-std=c11", "-std=c17", "-std=c2x", "-std=gnu17"] {
        compile("cc", standard, "control_program.c", &PEDANTIC, &include);
    }
    for standard in ["-std=c++11", "-std=c++17", "-std=c++20"] {
        compile("c++", standard, "control_program.c", &PEDANTIC, &include);
    }
}
