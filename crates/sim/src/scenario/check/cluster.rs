//! The section `[cluster]`.

use quorate_engine::{Compat, NodeId};
use toml::{Spanned, Value};

use super::Source;
use crate::config::{ClusterConfig, is_quorum_key};
use crate::scenario::error::{ScenarioError, ScenarioErrorKind};
use crate::scenario::raw::RawCluster;
use crate::scenario::wanted::number;

pub(super) struct Checked {
    pub(super) config: ClusterConfig,
    pub(super) seed: u64,
    pub(super) compat: Compat,
    pub(super) start: bool,
}

pub(super) fn cluster(
    source: Source<'_>,
    raw: &Spanned<RawCluster>,
) -> Result<Checked, ScenarioError> {
    let cluster = raw.get_ref();
    let mut config = match (&cluster.nodes, &cluster.config) {
        (Some(nodes), None) => {
            let ids = node_ids(nodes.get_ref())
                .ok_or_else(|| source.error(nodes.span(), ScenarioErrorKind::Nodes))?;
            ClusterConfig::with_nodes(ids)
        }
        (None, Some(file)) => config_file(source, file)?,
        _ => return Err(source.error(raw.span(), ScenarioErrorKind::NodesOrConfig)),
    };
    if let Some(votes) = &cluster.votes {
        set_votes(&mut config, votes.get_ref()).ok_or_else(|| {
            let kind = ScenarioErrorKind::Votes(config.nodes().len());
            source.error(votes.span(), kind)
        })?;
    }
    for (name, value) in &cluster.quorum {
        let set = |config: &mut ClusterConfig| {
            if !is_quorum_key(name) {
                return Err(format!(
                    "quorum.{name}: votequorum does not read such a key"
                ));
            }
            let text = plain_text(value.get_ref()).ok_or("expected a number or a text")?;
            config
                .set_quorum(name, &text)
                .map_err(|kind| kind.to_string())
        };
        let result = set(&mut config);
        result.map_err(|text| source.error(value.span(), ScenarioErrorKind::Key(text)))?;
    }
    let mut compat = Compat::default();
    for word in &cluster.compat {
        add_compat(&mut compat, word.get_ref())
            .ok_or_else(|| source.error(word.span(), ScenarioErrorKind::Compat))?;
    }
    Ok(Checked {
        config,
        seed: cluster.seed.unwrap_or(0),
        compat,
        start: cluster.start.unwrap_or(true),
    })
}

/// A corosync.conf that a scenario names.
pub(super) fn config_file(
    source: Source<'_>,
    file: &Spanned<String>,
) -> Result<ClusterConfig, ScenarioError> {
    let text = (source.read)(file.get_ref())
        .map_err(|reason| source.error(file.span(), ScenarioErrorKind::File(reason)))?;
    Ok(ClusterConfig::parse(file.get_ref(), &text)?)
}

fn node_ids(value: &Value) -> Option<Vec<u32>> {
    let ids: Vec<u32> = match value {
        Value::Integer(count) => (1..=u32::try_from(*count).ok()?).take(2001).collect(),
        Value::Array(ids) => ids.iter().map(number).collect::<Option<_>>()?,
        _ => return None,
    };
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    let fits = (1..=2000).contains(&ids.len()) && sorted.len() == ids.len() && sorted[0] > 0;
    fits.then_some(ids)
}

fn set_votes(config: &mut ClusterConfig, value: &Value) -> Option<()> {
    let nodes: Vec<NodeId> = config.nodes().iter().map(|node| node.id).collect();
    let votes: Vec<u32> = match value {
        Value::Integer(_) => vec![number(value)?; nodes.len()],
        Value::Array(votes) if votes.len() == nodes.len() => {
            votes.iter().map(number).collect::<Option<_>>()?
        }
        _ => return None,
    };
    for (node, votes) in nodes.into_iter().zip(votes) {
        config.set_votes(node, votes);
    }
    Some(())
}

/// A value as it would stand in corosync.conf. `true` and `false` are 1 and 0 there.
pub(super) fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(on) => Some(u8::from(*on).to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// Turns on behaviour of the original by its name in scenarios; `None` if there is none of that
/// name.
pub fn add_compat(compat: &mut Compat, word: &str) -> Option<()> {
    match word {
        "uint8-quorum" => compat.uint8_quorum = true,
        "lost-tracking" => compat.lost_tracking = true,
        "wrapping-votes" => compat.wrapping_votes = true,
        "no-extra-info" => compat.no_extra_info = true,
        "corosync-3.1" => *compat = Compat::COROSYNC_3_1,
        _ => return None,
    }
    Some(())
}
