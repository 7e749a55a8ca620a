"""Functions and tables that no query may name, for each dialect; `*` stands for any ending.

They read files, run text as SQL, reach other machines, wait, lock, or change the session. Engines
keep writing out by themselves: this list is for what a read-only transaction lets through.
Sources: https://www.postgresql.org/docs/current/functions-admin.html and functions-info.html,
https://dev.mysql.com/doc/refman/8.4/en/built-in-function-reference.html,
https://sqlite.org/loadext.html and fts3.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_POSTGRES = """
    pg_* set_config current_setting setval nextval currval lastval setseed
    *_to_xml *_to_xmlschema *_to_xml_and_xmlschema ts_stat ts_rewrite
    crosstab* connectby* xpath_table dblink* postgres_fdw_* lo_* loread lowrite
    has_* to_reg* row_security_active *obj_description col_description
    inet_server_* inet_client_* txid_* currtid* binary_upgrade_* brin_summarize_* brin_desummarize_* brin_page_*
    brin_metapage_info brin_revmap_data gin_clean_pending_list gin_page_* gin_metapage_info
    get_raw_page heap_page_* heap_tuple_* page_header page_checksum fsm_page_contents bt_page_*
    bt_metap bt_index_* bt_multi_page_stats gist_page_* hash_page_* hash_bitmap_info
    verify_heapam pgstat* pgrowlocks pldbg_* plpgsql_* http http_* aws_* azure_* autoprewarm_*
"""
_MYSQL = """
    sleep benchmark load_file get_lock release_lock release_all_locks is_free_lock is_used_lock
    master_pos_wait source_pos_wait wait_for_executed_gtid_set wait_until_sql_thread_after_gtids
    gtid_subset gtid_subtract last_insert_id sys_exec sys_eval sys_get sys_set lib_mysqludf_*
    asynchronous_connection_failover_* group_replication_* mysql_query_attribute_string
    keyring_* audit_log_* audit_api_* firewall_* mysql_firewall_* read_firewall_* set_firewall_*
    version_token* service_get_* service_release_* gen_dictionary* ps_* extract_schema_from_file*
    nextval setval lastval pg_sleep
"""
_SQLITE = """
    load_extension readfile writefile edit fts3_tokenizer lsdir fsdir sqlite_* pragma_*
    zipfile eval system shell generate_series_ext sqlar_* ieee754* crypto_* http_* define
    undefine
"""
_TSQL = """
    openrowset openquery opendatasource openxml xp_* sp_* fn_* sys_* waitfor suser_* loginproperty
"""
_ORACLE = """
    dbms_* utl_* httpuritype dburitype xdburitype sys_context bfilename owa_* ctxsys* apex_*
    sys_eval sleep
"""
_EXCEPTIONS = frozenset({"pg_typeof", "pg_size_pretty", "pg_column_size"})
_TABLES: Mapping[str, str] = {
    "postgres": "pg_*",
    "sqlite": "sqlite_* pragma_* dbstat bytecode tables_used fsdir zipfile completion",
    "oracle": "all_* dba_* user_* v$* gv$* sys_*",
    "tsql": "sys* ",
}


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    parts = (re.escape(name).replace(r"\*", ".*") for name in names)
    return re.compile("|".join(parts) or r"(?!)", re.DOTALL)


_FUNCTIONS = {
    "postgres": _pattern(_POSTGRES.split()),
    "mysql": _pattern(_MYSQL.split()),
    "sqlite": _pattern(_SQLITE.split()),
    "tsql": _pattern(_TSQL.split()),
    "oracle": _pattern(_ORACLE.split()),
}
# A dialect without a list of its own is held against all of them.
_ANY_FUNCTION = _pattern(f"{_POSTGRES} {_MYSQL} {_SQLITE} {_TSQL} {_ORACLE}".split())
_HIDDEN_TABLES = {dialect: _pattern(names.split()) for dialect, names in _TABLES.items()}


def is_denied(function: str, dialect: str) -> bool:
    """Tell whether a function may not be called, whatever the case it is written in."""
    name = function.lower()
    found = _FUNCTIONS.get(dialect, _ANY_FUNCTION).fullmatch(name)
    return found is not None and name not in _EXCEPTIONS


def is_hidden(table: str, dialect: str) -> bool:
    """Tell whether a table without a schema is one of the engine's own."""
    pattern = _HIDDEN_TABLES.get(dialect)
    return pattern is not None and pattern.fullmatch(table.lower()) is not None
