//! What a program needs to find its simulated node.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Names the directory of the node's sockets.
pub(crate) const RUN_DIR: &str = "QUORATE_RUN_DIR";

/// Environment variables for a program, given the directory of its node and the library that
/// [`preload`] finds.
pub(crate) fn environment(run_dir: &Path, preload: &Path) -> [(&'static str, OsString); 2] {
    // What the caller preloads stays, behind ours.
    let mut libraries = OsString::from(preload);
    let others = std::env::var_os("LD_PRELOAD").filter(|list| !list.is_empty());
    if let Some(others) = others.filter(|list| *list != libraries) {
        libraries.push(" ");
        libraries.push(others);
    }
    [("LD_PRELOAD", libraries), (RUN_DIR, run_dir.into())]
}

/// The library that leads programs with corosync's own libraries to the cluster.
pub(crate) fn preload() -> Result<PathBuf, String> {
    const NAME: &str = "libquorate_preload.so";
    let program = std::env::current_exe().map_err(|error| format!("/proc/self/exe: {error}"))?;
    let here = program.parent().unwrap_or(Path::new("/"));
    // Installed; built by make; built by cargo.
    let places = ["../lib/quorate", "../../build/lib", "", "deps"];
    let found = places.iter().map(|place| here.join(place).join(NAME));
    found
        .into_iter()
        .find(|path| path.is_file())
        .ok_or_else(|| {
            let place = here.join(places[0]);
            format!(
                "{NAME} is missing: it belongs to {}; was all of quorate installed?",
                place.display()
            )
        })
}
