//! Which tests of a suite are wanted, as cargo's arguments have it.

#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) patterns: Vec<String>,
    pub(super) excluded: Vec<String>,
    exact: bool,
    pub(super) list: bool,
}

impl Selection {
    pub(super) fn parse(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut selection = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--exact" => selection.exact = true,
                "--list" => selection.list = true,
                "--skip" => selection.excluded.extend(arguments.next()),
                "--test-threads" | "--format" | "--color" => drop(arguments.next()),
                other if other.starts_with('-') => {}
                _ => selection.patterns.push(argument),
            }
        }
        selection
    }

    pub(super) fn includes(&self, name: &str) -> bool {
        let fits = |pattern: &String| match self.exact {
            true => name == pattern,
            false => name.contains(pattern.as_str()),
        };
        let wanted = self.patterns.is_empty() || self.patterns.iter().any(fits);
        wanted && !self.excluded.iter().any(fits)
    }
}
