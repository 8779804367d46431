//! What steps expect.

use std::ops::Range;

use toml::Spanned;

use super::heard::heard;
use super::steps::Checker;
use crate::cluster::Running;
use crate::scenario::error::{ScenarioError, ScenarioErrorKind};
use crate::scenario::raw::RawExpectation;
use crate::scenario::wanted::{Ids, ids};
use crate::scenario::{Expectation, Heard};

impl Checker<'_> {
    pub(super) fn expectation(
        &self,
        raw: &Spanned<RawExpectation>,
        outer: Range<usize>,
    ) -> Result<(Option<Expectation>, Vec<Heard>), ScenarioError> {
        let expect = raw.get_ref();
        // A table that is not in a list has no place of its own.
        let span = if raw.span().is_empty() {
            outer
        } else {
            raw.span()
        };
        let nodes = match &expect.node {
            Some(value) => match ids(value.get_ref()) {
                Some(ids) if !ids.is_empty() => ids,
                _ => return self.error(value.span(), ScenarioErrorKind::Ids),
            },
            None => Vec::new(),
        };
        let members = expect.members.as_ref().map(|Ids(ids)| ids.clone());
        for &node in nodes.iter().chain(members.iter().flatten()) {
            let place = expect.node.as_ref().map_or(span.clone(), Spanned::span);
            self.known(node, &place)?;
        }
        let running = match &expect.running {
            None => None,
            Some(word) => Some(match &**word.get_ref() {
                "up" => Running::Up,
                "down" => Running::Down,
                "paused" => Running::Paused,
                _ => return self.error(word.span(), ScenarioErrorKind::Running),
            }),
        };
        let place = expect.node.as_ref().map_or(span.clone(), Spanned::span);
        let expectation = Expectation {
            line: self.source.line(&place),
            nodes,
            quorate: expect.quorate,
            votes: expect.votes,
            expected: expect.expected,
            quorum: expect.quorum,
            members,
            running,
        };
        let lists = [(&expect.received, false), (&expect.received_exactly, true)];
        let heard = heard(self.source, self.states(), &expectation.nodes, lists)?;
        let says_nothing = expectation.to_string().is_empty();
        if says_nothing && heard.is_empty() {
            return self.error(span, ScenarioErrorKind::NoExpectation);
        }
        Ok(((!says_nothing).then_some(expectation), heard))
    }
}
