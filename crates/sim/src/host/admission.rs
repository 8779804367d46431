//! Who may connect to a node, by corosync's rules.

use quorate_ipc::server::Credentials;

use super::map::{Map, Stored};

/// `EACCES`.
const ACCESS: i32 = 13;

/// Corosync lets root in, by user or group, and those that cmap names; it goes by the real ids.
/// The one who runs the simulation is let in as well, or nobody but root could use it.
pub(super) fn admit(map: &Map, credentials: &Credentials, owner: u32) -> Result<(), i32> {
    let Credentials { uid, gid, .. } = *credentials;
    let one = Stored::u8(1);
    let named = || {
        let keys = [
            ("uid", uid),
            ("config.uid", uid),
            ("gid", gid),
            ("config.gid", gid),
        ];
        keys.iter()
            .any(|(key, id)| map.get(format!("uidgid.{key}.{id}").as_bytes()) == Some(&one))
    };
    if uid == 0 || gid == 0 || uid == owner || named() {
        Ok(())
    } else {
        Err(ACCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(keys: &[(&str, Stored)], uid: u32, gid: u32) -> Result<(), i32> {
        let map = Map::of(keys);
        admit(&map, &Credentials { pid: 1, uid, gid }, 1000)
    }

    #[test]
    fn root_and_the_owner_are_let_in() {
        assert_eq!(verdict(&[], 0, 65534), Ok(()));
        assert_eq!(verdict(&[], 65534, 0), Ok(()));
        assert_eq!(verdict(&[], 1000, 1000), Ok(()));
        assert_eq!(verdict(&[], 65534, 65534), Err(ACCESS));
    }

    #[test]
    fn those_that_cmap_names_are_let_in() {
        for key in [
            "uidgid.uid.7",
            "uidgid.config.uid.7",
            "uidgid.gid.8",
            "uidgid.config.gid.8",
        ] {
            assert_eq!(verdict(&[(key, Stored::u8(1))], 7, 8), Ok(()), "{key}");
            assert_eq!(verdict(&[(key, Stored::u8(1))], 8, 7), Err(ACCESS), "{key}");
            assert_eq!(verdict(&[(key, Stored::u8(0))], 7, 8), Err(ACCESS), "{key}");
            // Of another type it counts as absent.
            assert_eq!(
                verdict(&[(key, Stored::u32(1))], 7, 8),
                Err(ACCESS),
                "{key}"
            );
        }
    }
}
