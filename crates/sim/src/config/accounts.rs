//! User and group names, as `uidgid { uid: name }` may give them.

use std::fs;

/// The number of a user (`/etc/passwd`) or group (`/etc/group`), given as number or name.
pub(super) fn number_of(file: &str, name: &str) -> Option<u32> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let bytes = fs::read(file).ok()?;
    find(&String::from_utf8_lossy(&bytes), name)
}

/// Both files have the name first and the number third.
fn find(table: &str, name: &str) -> Option<u32> {
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name)
            .then(|| fields.nth(1))?
            .and_then(|number| number.parse().ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let table = "root:x:0:0:root:/root:/bin/bash\nhacluster:x:113:\n";
        assert_eq!(find(table, "hacluster"), Some(113));
        assert_eq!(find(table, "x"), None);
        assert_eq!(number_of("/etc/passwd", "root"), Some(0));
        assert_eq!(number_of("/nowhere", "17"), Some(17));
        assert_eq!(number_of("/nowhere", "root"), None);
    }
}
