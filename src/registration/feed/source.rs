//! A feed as a stream of plain bytes, whatever it is stored in.

use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

/// The largest window that a zstd stream may ask for, as a power of two: what `zstd` itself takes by default. A hostile
/// file cannot make the decoder hold more.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// How much compressed input is read at once.
const COMPRESSED_CHUNK: usize = 256 << 10;

/// How a feed is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Plain,
    Gzip,
    Zstd,
}

impl Compression {
    /// By the file's suffix.
    pub(super) fn of(path: &Path) -> Compression {
        match path.extension().and_then(|suffix| suffix.to_str()) {
            Some("gz") => Compression::Gzip,
            Some("zst") => Compression::Zstd,
            _ => Compression::Plain,
        }
    }

    /// By the first bytes, for standard input, which has no suffix. No JSON text begins like either.
    fn of_magic(head: &[u8]) -> Compression {
        match head {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            _ => Compression::Plain,
        }
    }

    /// The plain bytes of `stored`. Members that follow one another are read as one stream, as `cat a.gz b.gz` makes them.
    pub(super) fn decode(self, stored: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Compression::Plain => Box::new(stored),
            Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(COMPRESSED_CHUNK, stored))),
            Compression::Zstd => {
                let buffered = BufReader::with_capacity(COMPRESSED_CHUNK, stored);
                let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(decoder)
            }
        })
    }
}

/// The plain bytes of the feed at `path`, `-` being standard input.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if path.as_os_str() != "-" {
        return Compression::of(path).decode(File::open(path)?);
    }
    let mut head = Vec::with_capacity(4);
    io::stdin().take(4).read_to_end(&mut head)?;
    Compression::of_magic(&head).decode(io::Cursor::new(head).chain(io::stdin()))
}
