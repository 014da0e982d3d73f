/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQL side of a recording.
 */
#include "analyzer/database.h"
#include "analyzer/description.h"
#include "analyzer/functions.h"
#include "analyzer/models/model_table.h"
#include "analyzer/plain_table.h"
#include "analyzer/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int is_reading_pragma(const char *name)
{
	static const char *const names[] = {
		"collation_list", "compile_options", "database_list", "function_list",
		"index_info",	  "index_list",	     "index_xinfo",   "module_list",
		"pragma_list",	  "table_info",	     "table_list",    "table_xinfo",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!sqlite3_stricmp(name, names[i]))
			return 1;
	return 0;
}

/* What SQL from outside may do: read everything, write only what is temporary. */
static int authorize(void *unused, int action, const char *first, const char *second,
		     const char *schema, const char *trigger)
{
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE:
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
	case SQLITE_CREATE_TEMP_TABLE:
	case SQLITE_CREATE_TEMP_VIEW:
	case SQLITE_CREATE_TEMP_INDEX:
	case SQLITE_DROP_TEMP_TABLE:
	case SQLITE_DROP_TEMP_VIEW:
	case SQLITE_DROP_TEMP_INDEX:
	case SQLITE_REINDEX:
		return SQLITE_OK;
	case SQLITE_INSERT:
	case SQLITE_DELETE:
		return schema && !strcmp(schema, "temp") ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_UPDATE:
		/* SQLite asks this when a virtual table connects; defensive mode refuses the
		 * rest. */
		if (!strcmp(first, "sqlite_master"))
			return SQLITE_OK;
		return schema && !strcmp(schema, "temp") ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_PRAGMA:
		return is_reading_pragma(first) ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

int database_attach(sqlite3 *database, const char *path, const char *name)
{
	char *sql = sqlite3_mprintf("ATTACH %Q AS \"%w\"", path, name);
	int result;

	sqlite3_set_authorizer(database, NULL, NULL);
	sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 1);
	result = sql ? sqlite3_exec(database, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
	sqlite3_free(sql);
	return result;
}

int database_detach(sqlite3 *database, const char *name)
{
	char *sql = sqlite3_mprintf("DETACH \"%w\"", name);
	int result = sql ? sqlite3_exec(database, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	sqlite3_free(sql);
	sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_set_authorizer(database, authorize, NULL);
	return result;
}

int database_open(struct recording *recording, sqlite3 **out, char **problem)
{
	sqlite3 *database = NULL;
	int result = sqlite3_open(":memory:", &database), on;

	if (!result)
		result = sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, &on);
	if (!result)
		result = functions_register(database);
	if (!result)
		result = description_create(database, recording);
	if (!result)
		result = plain_table_register(database, recording);
	if (!result)
		result = table_register(database, recording);
	if (!result)
		result = model_table_register(database, recording);
	if (!result)
		result = sqlite3_set_authorizer(database, authorize, NULL);
	if (result) {
		*problem = strdup(sqlite3_errmsg(database));
		sqlite3_close(database);
		return result == SQLITE_NOMEM ? -ENOMEM : -EIO;
	}
	sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
	*out = database;
	return 0;
}
