// SPDX-License-Identifier: Apache-2.0
// The rows as Parquet with zstd, written by DuckDB:
//
//     node parquet.js CSV COLUMNS FILE
//
// CSV and COLUMNS are what the tool's csv wrote and printed. Every way to write the addresses is
// tried in both versions of the format. For each a line comes out: file, address type, version,
// bytes, and whether what FILE gives back is what was put in, with tabs between; then one for each
// of its columns: column, name, bytes. FILE is the last one.
const fs = require('fs');
const { DuckDBInstance } = require('@duckdb/node-api');

const [csv, columnsFile, file] = process.argv.slice(2);
const columns = fs.readFileSync(columnsFile, 'utf8').trim().split('\n').map((line) => {
	const [name, type, size] = line.split('\t');
	return { name, type, size };
});
const integers = { 1: 'UTINYINT', 2: 'USMALLINT', 4: 'UINTEGER', 8: 'UBIGINT' };

// What the CSV holds of a column.
function stored({ name, type, size }) {
	if (type === 'address')
		return [[`${name}_text`, 'VARCHAR'], [`${name}_hex`, 'VARCHAR']];
	if (type === 'text')
		return [[name, 'VARCHAR']];
	return [[name, type === 'time' ? 'BIGINT' : integers[size]]];
}

const high = (name) => `('0x' || ${name}_hex[1:16])::UBIGINT`;
const low = (name) => `('0x' || ${name}_hex[17:32])::UBIGINT`;
const addressTypes = {
	varchar: (name) => [`${name}_text AS ${name}`],
	blob: (name) => [`unhex(${name}_hex) AS ${name}`],
	uuid: (name) => [`${name}_hex::UUID AS ${name}`],
	'two ubigint': (name) => [`${high(name)} AS ${name}_high`, `${low(name)} AS ${name}_low`],
	uhugeint: (name) => [
		`${high(name)}::UHUGEINT * 18446744073709551616::UHUGEINT + ${low(name)} AS ${name}`],
};

async function main() {
	const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
	const one = async (sql) => (await connection.runAndReadAll(sql)).getRows()[0][0];
	const types = columns.flatMap(stored).map(([name, type]) => `'${name}': '${type}'`);

	await connection.run(`CREATE TABLE flow AS SELECT * FROM read_csv('${csv}',
		header = false, delim = ',', quote = '"', escape = '"', auto_detect = false,
		columns = {${types.join(', ')}})`);
	for (const [addressType, expressions] of Object.entries(addressTypes)) {
		const select = `SELECT ${columns.flatMap((column) => column.type === 'address' ?
			expressions(column.name) : [column.name]).join(', ')} FROM flow`;
		const rowDigest = (from) => one(
			`SELECT count(*) || ' ' || sum(hash(r)::HUGEINT) FROM (${from}) AS r`);

		for (const version of ['V1', 'V2']) {
			await connection.run(`COPY (${select}) TO '${file}'
				(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION '${version}')`);
			const isSame = await rowDigest(select) ===
				await rowDigest(`SELECT * FROM read_parquet('${file}')`);
			const sizes = await connection.runAndReadAll(
				`SELECT regexp_replace(path_in_schema, '_(high|low)$', '') AS name,
					sum(total_compressed_size)::VARCHAR
				FROM parquet_metadata('${file}') GROUP BY name`);

			console.log(['file', addressType, version, fs.statSync(file).size,
				isSame ? 'same' : 'lossy'].join('\t'));
			for (const row of sizes.getRows())
				console.log(['column', ...row].join('\t'));
		}
	}
}

main().catch((error) => {
	console.error(`parquet.js: ${error.message}`);
	process.exitCode = 1;
});
