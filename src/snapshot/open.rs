//! Opening a cluster from anywhere: a file, plain or compressed; standard input; a directory of tool output.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use super::{Snapshot, cruise_control, kafka_tools, v1};
use crate::base::error::{Code, Error, Place, Result};
use crate::base::{fs, json};

/// Reads the cluster at `path`: a snapshot file (plain, gzip or zstd), a directory of Kafka tool output or
/// answers of Cruise Control, one file of either, or any such file from standard input for `-`.
///
/// What a file is shows in its content, never in its name.
///
/// # Errors
/// Everything that makes the input unreadable or wrong, with its place.
pub fn open(path: &Path) -> Result<Snapshot> {
    if path.as_os_str() != "-" && path.is_dir() {
        return cruise_control::read_any_dir(path);
    }
    read_bytes(&fs::read(path)?, &fs::name_of(path))
}

/// As [`open`], from bytes that were read already; `source` names them in messages.
pub fn read_bytes(content: &[u8], source: &str) -> Result<Snapshot> {
    let content = decompressed(content, source)?;
    let text = json::text_of(&content, source)?;
    let first = text.trim_start().as_bytes().first();
    if matches!(first, Some(b'{')) && cruise_control::is_known(text) {
        return cruise_control::read_files(&[(source.to_owned(), text.to_owned())]);
    }
    if matches!(first, Some(b'{' | b'[')) {
        return v1::read(text, source);
    }
    if kafka_tools::is_known(text) {
        return kafka_tools::read_files(&[(source.to_owned(), text.to_owned())]);
    }
    // Other JSON values are no snapshot either, but what is wrong with them is best said as of JSON.
    if matches!(first, Some(b'"' | b'-' | b'0'..=b'9')) || matches!(text.trim(), "null" | "true" | "false" | "NaN") {
        return v1::read(text, source);
    }
    Err(Error::new(
        Code::WrongKind,
        format!("`{source}` is neither JSON nor output of a Kafka tool that is known here; expected a snapshot"),
    )
    .at(Place::line(source, 1))
    .help("a snapshot is written by `kshift snapshot`; `kafka-topics.sh --describe` writes output that is known"))
}

/// The content of a file: gzip and zstd are known by their first bytes, anything else is as it stands.
pub(super) fn decompressed<'a>(content: &'a [u8], source: &str) -> Result<Cow<'a, [u8]>> {
    let corrupt = |kind: &str, what: &str| {
        Error::new(Code::Unreadable, format!("the {kind} stream of `{source}` is cut off or corrupt: {what}"))
            .at(Place::source(source))
            .help(format!("copy or write the file again; `{kind} --test` says whether it is whole"))
    };
    if content.starts_with(b"\x1f\x8b") {
        let mut plain = Vec::with_capacity(content.len() * 8);
        let mut decoder = MultiGzDecoder::new(content);
        return match decoder.read_to_end(&mut plain) {
            Ok(_) => Ok(plain.into()),
            Err(error) => Err(corrupt("gzip", &error.to_string())),
        };
    }
    if content.starts_with(b"\x28\xb5\x2f\xfd") {
        return unzstd(content).map(Cow::Owned).map_err(|what| corrupt("zstd", &what));
    }
    Ok(content.into())
}

/// All frames of a zstd stream; frames that decoders shall skip are skipped.
fn unzstd(mut rest: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::with_capacity(rest.len() * 8);
    while !rest.is_empty() {
        match StreamingDecoder::new(&mut rest) {
            Ok(mut decoder) => {
                decoder.read_to_end(&mut plain).map_err(|error| error.to_string())?;
                let said = decoder.decoder.get_checksum_from_data();
                let found = decoder.decoder.get_calculated_checksum();
                if said.is_some_and(|said| found.is_some_and(|found| said != found)) {
                    return Err("its checksum does not match".to_owned());
                }
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                rest = rest.get(length as usize..).ok_or("a skippable frame is cut off")?;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &str = r#"{"kind":"kshift.cluster","version":1,"brokers":[{"id":1}],"topics":[{"name":"t","partitions":[{"partition":0,"replicas":[1]}]}]}"#;

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &str) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn a_snapshot_is_the_same_plain_gzipped_and_in_zstd() {
        let expected = read_bytes(TEXT.as_bytes(), "f").unwrap();
        assert_eq!(read_bytes(&gzip(TEXT), "f").unwrap(), expected);
        assert_eq!(read_bytes(&zstd(TEXT), "f").unwrap(), expected);
        let bom = format!("\u{feff}{}", TEXT.replace(',', ",\r\n"));
        assert_eq!(read_bytes(bom.as_bytes(), "f").unwrap(), expected);
        assert_eq!(read_bytes(&gzip(&bom), "f").unwrap(), expected);
        // Streams may consist of several members or frames, and of frames to skip.
        let (head, tail) = TEXT.split_at(40);
        assert_eq!(read_bytes(&[gzip(head), gzip(tail)].concat(), "f").unwrap(), expected);
        let skip = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3].to_vec();
        assert_eq!(read_bytes(&[zstd(head), skip, zstd(tail)].concat(), "f").unwrap(), expected);
    }

    #[test]
    fn streams_that_are_cut_off_or_corrupt_are_refused() {
        let long = TEXT.replace(r#""version":1"#, &format!(r#""version":1,"x":{:?}"#, (0..9999).collect::<Vec<_>>()));
        for whole in [gzip(&long), zstd(&long)] {
            assert!(read_bytes(&whole, "f").is_ok());
            for end in [5, whole.len() / 2, whole.len() - 1] {
                let error = read_bytes(&whole[..end], "f").unwrap_err();
                assert_eq!(error.code(), Code::Unreadable, "{error}");
                assert!(!error.help_lines().is_empty());
            }
        }
        let mut corrupt = gzip(&long);
        let middle = corrupt.len() / 2;
        corrupt[middle] ^= 0xff;
        assert_eq!(read_bytes(&corrupt, "f").unwrap_err().code(), Code::Unreadable);
    }

    #[test]
    fn what_is_no_cluster_is_refused() {
        for (content, code) in [
            (&b""[..], Code::EmptyInput),
            (b" \r\n", Code::EmptyInput),
            (b"\xef\xbb\xbf", Code::EmptyInput),
            (b"{\"kind\":\"\xff\"}", Code::InvalidUtf8),
            (b"\x89PNG\r\n", Code::InvalidUtf8),
            (b"hello", Code::WrongKind),
            (b"null", Code::WrongKind),
            (b"NaN", Code::InvalidJson),
            (b"[]", Code::WrongKind),
            (b"{}", Code::WrongKind),
            (b"{", Code::InvalidJson),
        ] {
            assert_eq!(read_bytes(content, "f").unwrap_err().code(), code, "{content:?}");
        }
        assert_eq!(read_bytes(&gzip(""), "f").unwrap_err().code(), Code::EmptyInput);
        assert_eq!(open(Path::new("/no/such/file")).unwrap_err().code(), Code::Unreadable);
    }
}
