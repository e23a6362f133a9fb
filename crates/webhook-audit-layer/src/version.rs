use http::Version;

/// The version as OpenTelemetry's `network.protocol.version` writes it.
pub(crate) fn name(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use http::Version;

    use super::name;

    #[test]
    fn every_version_has_the_name_of_the_convention() {
        let versions = [
            Version::HTTP_09,
            Version::HTTP_10,
            Version::HTTP_11,
            Version::HTTP_2,
            Version::HTTP_3,
        ];
        assert_eq!(versions.map(name), ["0.9", "1.0", "1.1", "2", "3"]);
    }
}
