-- A Flowtape segment. FORMAT.md says what each table means; every number is in host-independent
-- SQLite form, times are nanoseconds since the Unix epoch.

CREATE TABLE segment(
  format_major INTEGER NOT NULL,
  format_minor INTEGER NOT NULL,
  recording_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  writer TEXT NOT NULL,
  created_ns INTEGER NOT NULL,
  covered_ns INTEGER NOT NULL,
  finished_ns INTEGER,
  previous_sha256 TEXT
);

CREATE TABLE stream_column(
  column_id INTEGER PRIMARY KEY,
  stream TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  optional INTEGER NOT NULL,
  unit TEXT NOT NULL,
  meaning TEXT NOT NULL,
  UNIQUE(stream, name)
);

CREATE TABLE chunk(
  chunk_id INTEGER PRIMARY KEY,
  stream TEXT NOT NULL,
  slice INTEGER,
  row_count INTEGER NOT NULL,
  first_ns INTEGER NOT NULL,
  last_ns INTEGER NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE INDEX chunk_by_time ON chunk(stream, first_ns, last_ns);
CREATE INDEX chunk_by_slice ON chunk(slice) WHERE slice IS NOT NULL;

CREATE TABLE part(
  part_id INTEGER PRIMARY KEY,
  chunk_id INTEGER NOT NULL,
  column_id INTEGER NOT NULL,
  minimum,
  maximum,
  checksum INTEGER NOT NULL,
  filter BLOB,
  entries BLOB,
  data BLOB NOT NULL,
  UNIQUE(chunk_id, column_id)
);
CREATE INDEX part_by_zone ON part(column_id, minimum, maximum, chunk_id);

CREATE TABLE string(
  string_id INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
);

CREATE TABLE host(
  host_name TEXT,
  machine_id TEXT,
  boot_id TEXT,
  kernel_release TEXT,
  architecture TEXT,
  cpu_count INTEGER,
  command_line TEXT,
  cpu_model TEXT,
  cpu_governor TEXT
);

CREATE TABLE clock(
  boot_ns INTEGER NOT NULL,
  monotonic_ns INTEGER NOT NULL,
  epoch_ns INTEGER NOT NULL
);

CREATE TABLE interface(
  network_namespace INTEGER NOT NULL,
  network_namespace_name TEXT,
  interface_index INTEGER NOT NULL,
  network_interface_name TEXT NOT NULL,
  kind TEXT,
  mac_address TEXT,
  first_ns INTEGER NOT NULL,
  last_ns INTEGER,
  UNIQUE(network_namespace, interface_index, network_interface_name)
);

CREATE TABLE probe(
  feature TEXT NOT NULL,
  variant TEXT NOT NULL,
  chosen INTEGER NOT NULL,
  explanation TEXT NOT NULL,
  UNIQUE(feature, variant)
);

CREATE TABLE stage(
  stage TEXT NOT NULL,
  stream TEXT NOT NULL,
  attempted INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  excluded INTEGER NOT NULL,
  UNIQUE(stage, stream)
);

CREATE TABLE loss(
  stage TEXT NOT NULL,
  stream TEXT NOT NULL,
  reason TEXT NOT NULL,
  cpu INTEGER NOT NULL,
  first_ns INTEGER NOT NULL,
  last_ns INTEGER NOT NULL,
  count INTEGER NOT NULL,
  UNIQUE(stage, stream, reason, cpu)
);

CREATE TABLE capture(
  capture_id INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  link_type TEXT,
  packets INTEGER NOT NULL,
  counted INTEGER NOT NULL,
  not_ip INTEGER NOT NULL,
  truncated INTEGER NOT NULL,
  malformed INTEGER NOT NULL,
  unknown_link_type INTEGER NOT NULL,
  first_ns INTEGER,
  last_ns INTEGER,
  problem TEXT
);
