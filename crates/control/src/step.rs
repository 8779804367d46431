//! Steps, as scenarios write them.

/// `kill = [1, 3]`
#[must_use]
pub fn nodes(verb: &str, nodes: &[u32]) -> String {
    format!("{verb} = {nodes:?}")
}

/// `partition = [[1, 2], [3]]`
#[must_use]
pub fn partition(groups: &[Vec<u32>]) -> String {
    format!("partition = {groups:?}")
}

/// `set_votes = { node = 2, votes = 3, on = 1 }`; asked for on that node unless `on` says another.
#[must_use]
pub fn set_votes(node: u32, votes: u32, on: Option<u32>) -> String {
    let on = on.unwrap_or(node);
    format!("set_votes = {{ node = {node}, votes = {votes}, on = {on} }}")
}

/// `set_expected = { node = 1, votes = 5 }`
#[must_use]
pub fn set_expected(on: u32, votes: u32) -> String {
    format!("set_expected = {{ node = {on}, votes = {votes} }}")
}

/// `qdevice = { node = 1, vote = true }`; `action` is what stands after the node.
#[must_use]
pub fn qdevice(node: u32, action: &str) -> String {
    format!("qdevice = {{ node = {node}, {action} }}")
}

/// `reload = "corosync.conf"`
#[must_use]
pub fn reload(file: &str) -> String {
    format!("reload = {}", text(file))
}

/// `set_key = { node = 1, key = "quorum.expected_votes", value = 5 }`. What looks like a number is
/// one; without a value the key is removed.
#[must_use]
pub fn set_key(node: u32, key: &str, value: Option<&str>) -> String {
    let key = text(key);
    let rest = match value {
        None => "delete = true".to_owned(),
        Some(value) => match value.parse::<i64>() {
            Ok(number) => format!("value = {number}"),
            Err(_) => format!("value = {}", text(value)),
        },
    };
    format!("set_key = {{ node = {node}, key = {key}, {rest} }}")
}

/// `fault_on = "busy"`
#[must_use]
pub fn fault(name: &str, on: bool) -> String {
    let state = if on { "on" } else { "off" };
    format!("fault_{state} = {}", text(name))
}

/// The groups of a partition in words: each word is a list of node ids.
///
/// # Errors
///
/// The word that is none.
pub fn groups<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Vec<Vec<u32>>, &'a str> {
    let ids = |word: &'a str| {
        let ids: Result<Vec<u32>, _> = word.split(',').map(str::parse).collect();
        ids.map_err(|_| word)
    };
    words.into_iter().map(ids).collect()
}

/// A text in quotes.
fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use quorate_engine::{Compat, NodeId};
    use quorate_sim::Cluster;
    use quorate_sim::config::{ClusterConfig, Value};
    use quorate_sim::scenario::Operation;

    fn parse(step: &str) -> Operation {
        let config = ClusterConfig::with_nodes(1..=3);
        let mut cluster = Cluster::new(config, Compat::default(), 0);
        cluster.start_all().unwrap();
        let read = |name: &str| Err(format!("{name} is not there"));
        let parsed = Operation::parse("step", step, &read, &cluster);
        parsed.unwrap_or_else(|error| panic!("{}", error.render()))
    }

    #[test]
    fn scenarios_understand_them() {
        let id = NodeId;
        assert_eq!(
            parse(&nodes("kill", &[1, 3])),
            Operation::Kill(vec![id(1), id(3)])
        );
        let cut = groups(["1,2", "3"]).unwrap();
        assert_eq!(
            parse(&partition(&cut)),
            Operation::Partition(vec![vec![id(1), id(2)], vec![id(3)]])
        );
        let votes = |on, node, votes| Operation::SetVotes { on, node, votes };
        assert_eq!(parse(&set_votes(2, 3, None)), votes(id(2), id(2), 3));
        assert_eq!(parse(&set_votes(0, 3, Some(1))), votes(id(1), id(0), 3));
        let expected = Operation::SetExpected {
            on: id(1),
            votes: 9,
        };
        assert_eq!(parse(&set_expected(1, 9)), expected);
        parse(&qdevice(2, "vote = false"));
    }

    #[test]
    fn any_text_can_be_a_value() {
        for value in ["", "a \"b\" \\ c", "\n\t\u{7f}\u{85}ä", "1.5", "x = 1 }"] {
            let Operation::SetKey { value: found, .. } = parse(&set_key(1, "a.key", Some(value)))
            else {
                panic!("not a key");
            };
            assert_eq!(found, Some(Value::Str(value.to_owned())));
        }
        let removed = parse(&set_key(1, "a.key", None));
        assert!(matches!(removed, Operation::SetKey { value: None, .. }));
    }

    #[test]
    fn groups_are_lists_of_numbers() {
        assert_eq!(groups(["3"]), Ok(vec![vec![3]]));
        for wrong in ["", "1,", "a", "1;2", "-1", "4294967296"] {
            assert_eq!(groups(["1", wrong]), Err(wrong));
        }
    }
}
