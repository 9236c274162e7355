// Every type of PostgreSQL, with values at its edges: what an export must not lose.

export const TYPES_SCHEMA = `
CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE deep AS (p pair, j json, t text[]);
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE DOMAIN doc AS jsonb;
CREATE DOMAIN names AS text[];
CREATE TYPE floats AS RANGE (subtype = float8);
CREATE TABLE kinds (
  id int PRIMARY KEY, c_bool boolean, c_int2 smallint, c_int4 integer, c_int8 bigint, c_numeric numeric, c_scaled numeric(30,10), c_float4 real, c_float8 double precision,
  c_money money, c_text text, c_varchar varchar(20), c_char char(5), c_name name, c_bytea bytea, c_date date, c_time time, c_timetz timetz, c_timestamp timestamp,
  c_timestamptz timestamptz, c_interval interval, c_uuid uuid, c_json json, c_jsonb jsonb, c_xml xml, c_bit bit(5), c_varbit bit varying, c_inet inet, c_cidr cidr,
  c_macaddr macaddr, c_macaddr8 macaddr8, c_point point, c_line line, c_lseg lseg, c_box box, c_path path, c_polygon polygon, c_circle circle, c_tsvector tsvector,
  c_tsquery tsquery, c_int4range int4range, c_numrange numrange, c_tstzrange tstzrange, c_multirange int4multirange, c_floats floats, c_enum mood, c_pair pair, c_deep deep,
  c_positive positive, c_doc doc, c_names names, c_ints int[], c_texts text[], c_numerics numeric[], c_floats8 float8[], c_byteas bytea[], c_jsonbs jsonb[], c_jsons json[],
  c_pairs pair[], c_moods mood[], c_dates date[], c_positives positive[], c_moneys money[], c_chars char(3)[], c_intervals interval[], c_xmls xml[],
  c_times timestamptz[], c_bools bool[], c_hstore hstore, c_citext citext, c_oid oid, c_regclass regclass, c_lsn pg_lsn, c_xid8 xid8, c_onechar "char", c_jsonpath jsonpath, c_vector int2vector,
  "odd ""name'' \\ \u00e9" text, t text, "r#w" text, c_generated numeric GENERATED ALWAYS AS (c_int4::numeric * 2) STORED
);`;

export const TYPES_ROWS = `
INSERT INTO kinds (id) VALUES (0);
INSERT INTO kinds (id, c_bool, c_int2, c_int4, c_int8, c_numeric, c_scaled, c_float4, c_float8, c_money, c_text, c_varchar, c_char, c_name, c_bytea, c_date, c_time, c_timetz,
  c_timestamp, c_timestamptz, c_interval, c_uuid, c_json, c_jsonb, c_xml, c_bit, c_varbit, c_inet, c_cidr, c_macaddr, c_macaddr8, c_point, c_line, c_lseg, c_box, c_path, c_polygon,
  c_circle, c_tsvector, c_tsquery, c_int4range, c_numrange, c_tstzrange, c_multirange, c_floats, c_enum, c_pair, c_deep, c_positive, c_doc, c_names, c_ints, c_texts, c_numerics,
  c_floats8, c_byteas, c_jsonbs, c_jsons, c_pairs, c_moods, c_dates, c_positives, c_moneys, c_chars, c_intervals, c_xmls, c_hstore, c_citext, c_oid, c_regclass, c_lsn, c_xid8, c_onechar,
  c_jsonpath, c_vector, "odd ""name'' \\ \u00e9", t, "r#w")
VALUES
(1, true, 32767, 2147483647, 9223372036854775807, 123456789012345678901234567890.123456789012345678901234567890, 99999999999999999999.0000000001, '3.4028235e38', '1.7976931348623157e308',
  '92233720368547758.07', E'line\\nbreak \\\\ "q" \\t \u0001 \u2028 \\U0001F600', 'x', 'ab', 'n', '\\x00ff5c27', '5874897-12-31', '24:00:00', '23:59:59.999999+14:59:59',
  '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', '178000000 years 11 mons 3 days 04:05:06.789', 'ffffffff-ffff-ffff-ffff-ffffffffffff', E' {"b" : 1.00, "a":null,\\n "b":2 } ',
  '{"b": 1.00, "a": null, "big": 123456789012345678901234567890.10}', '<a b="1">x &amp; y</a>', B'10101', B'1', '192.168.1.5/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05',
  '(1.5,-0)', '{1,2,3}', '[(0,0),(1,1)]', '(2,2),(1,1)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0,0),1e-300>', $$'a':1A,2 'b c':3$$, $$'a' & !'b':*A$$, '[1,10)', '(,9.99]',
  '[2026-01-01 00:00+02,infinity)', '{[1,2),[5,6)}', '[1.5,NaN)', 'it''s "ok"', ROW(1, 'a "b", (c)'), ROW(ROW(NULL, NULL), ' null ', ARRAY['x', NULL]), 1e-30, 'null', ARRAY['a,b', 'NULL', NULL],
  '{1,NULL,-2147483648}', ARRAY['a', 'b "c"', '', NULL, 'null', '\\'], '{1.50,NaN,1e50}', '{NaN,Infinity,-0,5e-324}', ARRAY['\\x00'::bytea, NULL], ARRAY['null', '1.0', NULL, '"s"']::jsonb[],
  ARRAY[' 1 ', NULL, 'null']::json[], ARRAY[ROW(1, NULL), NULL]::pair[], '{sad,happy}', '{infinity,2000-01-01}', '{1,2.50}', '{1.00,-2.50}', '{"a  ","b"}', '{1 mon,-1 day}', ARRAY['<?xml version="1.0"?><a/>', NULL]::xml[],
  'a=>1, "b c"=>NULL, d=>"NULL"', 'MiXed', 4294967295, 'pg_catalog.pg_class', 'FFFFFFFF/FFFFFFFF', '18446744073709551615', 'x', 'strict $."a"[*] ? (@ > 1)', '1 2 3', 'o', 't', 'r'),
(2, false, -32768, -2147483648, -9223372036854775808, 'NaN', -0.0000000001, '-Infinity', '-0', '-92233720368547758.08', '', '', '     ', '', '', '4714-11-24 BC', '00:00', '00:00-15:59', '4714-11-24 00:00:00 BC',
  '4714-11-24 00:00:00+00 BC', '-178000000 years', '00000000-0000-0000-0000-000000000000', 'null', 'null', '', B'00000', B'', '::1', '::/0', '00:00:00:00:00:00', '00:00:00:00:00:00:00:00', '(NaN,Infinity)',
  '{0,1,0}', '[(0,0),(0,0)]', '(0,0),(0,0)', '((0,0),(1,1),(2,0))', '((0,0))', '<(0,0),0>', '', '', 'empty', 'empty', 'empty', '{}', 'empty', 'sad', ROW(NULL, NULL), NULL, 99999999999999999999999,
  '{"$json": null}', '{}', '[2:4]={1,2,3}', '{}', '{{1,2.0},{3,4}}', '{}', '{}', '[0:1]={1,2}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '[0:0]={<b/>}', '', '', 0, NULL, '0/0', '0', '', '$', '', '', '', ''),
(3, NULL, 0, 0, 0, 'Infinity', 0.1, 'NaN', 'NaN', 0, repeat('\u00e9', 5000), NULL, 'a', repeat('n', 63), decode(repeat('00ff', 5000), 'hex'), 'infinity', '12:00:00.000001', '12:00+00', 'infinity', '-infinity',
  '00:00:00.000001', gen_random_uuid(), '"a \\u0000 b"', '"$json"', '<?xml version="1.0"?><a/>', NULL, NULL, '1.2.3.4', '1.2.3.0/24', NULL, NULL, '(1e300,-1e-300)', NULL, NULL, NULL, NULL, NULL, NULL,
  $$'it''s \\\\':1$$, NULL, '(,)', '[NaN,NaN]', '(-infinity,infinity)', NULL, NULL, NULL, ROW(-1, ''), ROW(ROW(1, '"'), NULL, NULL), NULL, '["$json", {"$json": {"$json": 1}}]', '[5:5]={x}',
  '{{1,2},{3,4}}', '{{a,b},{c,NULL}}', '{}', '{-Infinity}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 'mixed', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
(4, NULL, NULL, NULL, NULL, 1.50, NULL, '1e-45', '5e-324', NULL, 'null', NULL, NULL, NULL, NULL, '-infinity', NULL, NULL, '-infinity', 'infinity', '1 year -1 day 00:00:01', NULL, '[1, 2]', '{"$json": {"a": 1}, "b": 2}',
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'true', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
UPDATE kinds SET c_times = '{2026-01-01 00:00:00.5+02,infinity,NULL,0044-03-15 BC}', c_bools = '{t,f,NULL}' WHERE id = 1;
`;
