//! Error codes by their names in C.

/// `cs_error_t` without `CS_OK`.
const CODES: [(&str, i32); 29] = [
    ("CS_ERR_LIBRARY", 2),
    ("CS_ERR_VERSION", 3),
    ("CS_ERR_INIT", 4),
    ("CS_ERR_TIMEOUT", 5),
    ("CS_ERR_TRY_AGAIN", TRY_AGAIN),
    ("CS_ERR_INVALID_PARAM", 7),
    ("CS_ERR_NO_MEMORY", 8),
    ("CS_ERR_BAD_HANDLE", 9),
    ("CS_ERR_BUSY", 10),
    ("CS_ERR_ACCESS", 11),
    ("CS_ERR_NOT_EXIST", 12),
    ("CS_ERR_NAME_TOO_LONG", 13),
    ("CS_ERR_EXIST", 14),
    ("CS_ERR_NO_SPACE", 15),
    ("CS_ERR_INTERRUPT", 16),
    ("CS_ERR_NAME_NOT_FOUND", 17),
    ("CS_ERR_NO_RESOURCES", 18),
    ("CS_ERR_NOT_SUPPORTED", 19),
    ("CS_ERR_BAD_OPERATION", 20),
    ("CS_ERR_FAILED_OPERATION", 21),
    ("CS_ERR_MESSAGE_ERROR", 22),
    ("CS_ERR_QUEUE_FULL", 23),
    ("CS_ERR_QUEUE_NOT_AVAILABLE", 24),
    ("CS_ERR_BAD_FLAGS", 25),
    ("CS_ERR_TOO_BIG", 26),
    ("CS_ERR_NO_SECTIONS", 27),
    ("CS_ERR_CONTEXT_NOT_FOUND", 28),
    ("CS_ERR_TOO_MANY_GROUPS", 30),
    ("CS_ERR_SECURITY", 100),
];

/// `CS_ERR_TRY_AGAIN`.
pub(crate) const TRY_AGAIN: i32 = 6;

/// The number of an error.
pub(crate) fn number(name: &str) -> Option<i32> {
    let found = CODES.iter().find(|(known, _)| *known == name);
    found.map(|(_, number)| *number)
}

/// The name of an error.
pub(crate) fn name(number: i32) -> &'static str {
    let found = CODES.iter().find(|(_, known)| *known == number);
    found.map_or("CS_OK", |(name, _)| name)
}

/// What a daemon answers who connects, so that its library reports this error: an errno.
pub(crate) fn refusal(number: i32) -> Option<i32> {
    match name(number) {
        "CS_ERR_TRY_AGAIN" => Some(11),
        "CS_ERR_ACCESS" => Some(13),
        "CS_ERR_LIBRARY" => Some(24),
        "CS_ERR_NOT_SUPPORTED" => Some(38),
        _ => None,
    }
}
