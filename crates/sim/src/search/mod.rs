//! Random histories of a cluster, and the shortest one that does the same.
//!
//! A [`Base`] is a scenario: its cluster, what it does at first, what it expects. A [`Generator`]
//! adds random steps to it, each run's from its own seed, and only such as corosync's nodes can go
//! through: the state of every node is followed, and what votequorum would not do is left out.
//! [`shrink`] makes a history that fails as short and as simple as it can be and still fail.
//!
//! ```
//! use quorate_sim::search::{Base, Generator, Kind, shrink};
//!
//! # fn main() -> Result<(), quorate_sim::scenario::ScenarioError> {
//! let base = Base::parse("base.toml", "[cluster]\nnodes = 3\n", &|_| Err("no".to_owned()))?;
//! let generator = Generator::new(base, &Kind::ALL, 8);
//! // Stands for a program that has a mistake.
//! let fails = |toml: &str| toml.contains("partition");
//! let found = (0..).map(|seed| generator.history(seed)).find(|h| fails(&h.to_toml()));
//! let shortest = shrink(&found.expect("there is one"), &mut |h| fails(&h.to_toml()));
//! assert_eq!(shortest.len(), 1);
//! # Ok(())
//! # }
//! ```

mod base;
mod generate;
mod history;
mod kind;
mod nodes;
mod shrink;

pub use base::Base;
pub use generate::Generator;
pub use history::History;
pub use kind::Kind;
pub use shrink::shrink;
