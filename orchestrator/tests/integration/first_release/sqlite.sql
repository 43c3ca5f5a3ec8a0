BEGIN TRANSACTION;
CREATE TABLE accounts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	integration_id INTEGER NOT NULL, 
	amocrm_id BIGINT NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	webhook_secret BLOB NOT NULL, 
	webhook_fingerprint BLOB NOT NULL, 
	webhooks BOOLEAN NOT NULL, 
	webhook_checked_at DATETIME, 
	unlink_mode VARCHAR(32), 
	linked_at DATETIME, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT fk_accounts_integration_id FOREIGN KEY(integration_id) REFERENCES integrations (id), 
	CONSTRAINT uq_accounts_integration_id_amocrm_id UNIQUE (integration_id, amocrm_id), 
	CONSTRAINT uq_accounts_webhook_fingerprint UNIQUE (webhook_fingerprint)
);
INSERT INTO "accounts" VALUES(1,1,31415926,'acme.kommo.com','Акме','active',X'674141414141427241596A6577316E516647347165315674775037747A7A4B5F5A54614553766E4D344B4574576356457176717A35666C4D4B752D675833356C49564C4D346941303463572D59314C4F6C494E39675956785346525A6A2D66496963583448673471464F4E4F584A794E6A7A465A734D673D',X'E5671B332A172273DF64EAD8FCE2D7C1604DB326E21639042AC80F12F4445C03',1,'2026-11-21 12:00:00.123456',NULL,'2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE announcements (
	connection_id BIGINT NOT NULL, 
	lane VARCHAR(32) NOT NULL, 
	content TEXT NOT NULL, 
	CONSTRAINT pk_announcements PRIMARY KEY (connection_id, lane)
);
INSERT INTO "announcements" VALUES(1,'bulk','[["contacts",1,["anna@example.com","иван@пример.рф"]]]');
CREATE TABLE attempts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	sync_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	owner VARCHAR(255) NOT NULL, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	outcome VARCHAR(32) NOT NULL, 
	counts TEXT NOT NULL, 
	failure VARCHAR(64), 
	failure_text TEXT, 
	CONSTRAINT fk_attempts_sync_id FOREIGN KEY(sync_id) REFERENCES syncs (id), 
	CONSTRAINT uq_attempts_sync_id_number UNIQUE (sync_id, number)
);
INSERT INTO "attempts" VALUES(1,1,1,'worker-1','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456','waiting','{"read":5,"sent":0,"delivered":0,"unchanged":0,"unsynced":0,"removed":0,"total":9}','unreachable','amoCRM не отвечает');
INSERT INTO "attempts" VALUES(2,3,1,'worker-1','2026-11-21 12:00:00.123456',NULL,'running','{"read":0,"sent":0,"delivered":0,"unchanged":0,"unsynced":0,"removed":0,"total":null}',NULL,NULL);
CREATE TABLE audit_log (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at DATETIME NOT NULL, 
	actor VARCHAR(255) NOT NULL, 
	action VARCHAR(100) NOT NULL, 
	subject VARCHAR(255) NOT NULL, 
	details TEXT NOT NULL
);
INSERT INTO "audit_log" VALUES(1,'2026-11-21 12:00:00.123456','cli','account.link','account 1','{"host":"acme"}');
CREATE TABLE changes (
	connection_id BIGINT NOT NULL, 
	stream VARCHAR(32) NOT NULL, 
	record_id BIGINT NOT NULL, 
	action VARCHAR(32) NOT NULL, 
	seen_at DATETIME NOT NULL, 
	newest_at DATETIME NOT NULL, 
	seq BIGINT NOT NULL, 
	CONSTRAINT pk_changes PRIMARY KEY (connection_id, stream, record_id)
);
INSERT INTO "changes" VALUES(1,'companies',2,'delete','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',1795262400123456);
INSERT INTO "changes" VALUES(1,'contacts',1,'upsert','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',1795262400123456);
CREATE TABLE connections (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account_id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	live_name VARCHAR(255), 
	status VARCHAR(32) NOT NULL, 
	api_key BLOB NOT NULL, 
	destination TEXT NOT NULL, 
	streams TEXT NOT NULL, 
	filter TEXT, 
	consent_field VARCHAR(255), 
	on_leaving VARCHAR(32) NOT NULL, 
	on_delete VARCHAR(32) NOT NULL, 
	schedule VARCHAR(255), 
	deep_schedule VARCHAR(255), 
	max_removals DOUBLE NOT NULL, 
	runner VARCHAR(32) NOT NULL, 
	airbyte_connection_id VARCHAR(255), 
	hook_secret BLOB NOT NULL, 
	hook_fingerprint BLOB, 
	managed_by VARCHAR(32) NOT NULL, 
	CONSTRAINT fk_connections_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT uq_connections_account_id_live_name UNIQUE (account_id, live_name), 
	CONSTRAINT uq_connections_hook_fingerprint UNIQUE (hook_fingerprint)
);
INSERT INTO "connections" VALUES(1,1,'Рассылка','Рассылка','active',X'674141414141427241596A653959584D5F423966734B476147707474373134637972776D715748635875376E58414976506C6F734D6F4848514669395066316C32776F2D42383937564E5F5763356A38516B7071516A30366A554350755770467551506B4857504834655151376D706A565553395A704D3D','{"list":{"title":"Клиенты"}}','["contacts","companies"]','{"tag":"клиент"}','OK','exclude','exclude','*/15 * * * *','17 3 * * 0',0.3,'airbyte','0b1c',X'674141414141427241596A6573354A3946687237576B43756A34337A58734B48385A7442364168585947693951392D4F69707A4569557349494F2D6F717977332D51504B475A53446662614E557335646B35732D646B74625A487734487771416B4532636F763471755657386C4F6450745A6E415F456F3D',X'6942560FC59C32862F23AB6AE792E6B1119F2D5077AA9A107B69EAFC352C277B','database');
CREATE TABLE integrations (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(100), 
	client_id VARCHAR(100) NOT NULL, 
	client_secret BLOB NOT NULL, 
	redirect_uri VARCHAR(500) NOT NULL, 
	zone VARCHAR(32) NOT NULL, 
	CONSTRAINT uq_integrations_name UNIQUE (name)
);
INSERT INTO "integrations" VALUES(1,'main','client-1',X'674141414141427241596A65444F6E524E6758495966525851644B6834314C6B53735070325633304F33764B456F6953666B674A396B5339314E5243786F7463707264726C737663646B4D4F784E3037587132675F66357951386546794F50664841684E4E4144574D78445A70684A4D6B6F78587278493D','https://sync.example.org/oauth/callback','kommo.com');
CREATE TABLE key_marks (
	name VARCHAR(32) NOT NULL, 
	fingerprint BLOB NOT NULL, 
	CONSTRAINT pk_key_marks PRIMARY KEY (name)
);
INSERT INTO "key_marks" VALUES('fingerprint',X'D1A13D9C01AA524524432F8BE8A65E5485DF841198672781F91CE84D043FA2CC');
CREATE TABLE leases (
	name VARCHAR(191) NOT NULL, 
	owner VARCHAR(255) NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (name)
);
INSERT INTO "leases" VALUES('schedule','scheduler-1','2026-11-21 12:00:25.123456');
CREATE TABLE ledger (
	connection_id BIGINT NOT NULL, 
	stream VARCHAR(32) NOT NULL, 
	record_id BIGINT NOT NULL, 
	reason VARCHAR(32) NOT NULL, 
	version BIGINT NOT NULL, 
	digest BLOB, 
	addresses TEXT, 
	claims TEXT, 
	name VARCHAR(255) NOT NULL, 
	detail VARCHAR(1000) NOT NULL, 
	other VARCHAR(100) NOT NULL, 
	decided_at DATETIME NOT NULL, 
	delivered_at DATETIME, 
	seen_at DATETIME NOT NULL, 
	latency_ms BIGINT, 
	CONSTRAINT pk_ledger PRIMARY KEY (connection_id, stream, record_id)
);
INSERT INTO "ledger" VALUES(1,'companies',3,'rejected',1,X'00646967657374FF',NULL,NULL,'Person 3','слишком длинно','','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',NULL);
INSERT INTO "ledger" VALUES(1,'contacts',1,'delivered',1,X'00646967657374FF','["anna@example.com","иван@пример.рф"]',NULL,'Анна Образцова','','','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',700);
INSERT INTO "ledger" VALUES(1,'contacts',2,'duplicate_address',1,NULL,NULL,'["anna@example.com"]','Person 2','','contacts/1','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',NULL);
CREATE TABLE ledger_addresses (
	connection_id BIGINT NOT NULL, 
	address VARCHAR(320) NOT NULL, 
	stream VARCHAR(32) NOT NULL, 
	record_id BIGINT NOT NULL, 
	CONSTRAINT pk_ledger_addresses PRIMARY KEY (connection_id, address, stream, record_id)
)
 WITHOUT ROWID

;
INSERT INTO "ledger_addresses" VALUES(1,'anna@example.com','contacts',1);
INSERT INTO "ledger_addresses" VALUES(1,'иван@пример.рф','contacts',1);
INSERT INTO "ledger_addresses" VALUES(1,'anna@example.com','contacts',2);
CREATE TABLE ledger_turns (
	connection_id BIGINT NOT NULL, 
	writes BIGINT NOT NULL, 
	CONSTRAINT pk_ledger_turns PRIMARY KEY (connection_id)
);
INSERT INTO "ledger_turns" VALUES(1,1);
CREATE TABLE nonces (
	fingerprint BLOB NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_nonces PRIMARY KEY (fingerprint)
);
INSERT INTO "nonces" VALUES(X'D5F42CA25F2E32374B98E70545587DF5B1D49B348BBBACF2E67A3F519610DAF2','2026-11-21 12:00:25.123456');
CREATE TABLE oauth_tokens (
	account_id INTEGER NOT NULL, 
	access_token BLOB NOT NULL, 
	refresh_token BLOB, 
	expires_at DATETIME, 
	refreshing_since DATETIME, 
	CONSTRAINT pk_oauth_tokens PRIMARY KEY (account_id), 
	CONSTRAINT fk_oauth_tokens_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
);
INSERT INTO "oauth_tokens" VALUES(1,X'674141414141427241596A653551634457327130474F444B6C524C5F772D6955643265756C694463707432644B5A375374796D347742674F547A4F6E36736B79697A48614169535F6A516A744976393048366D695056523249315841465F6D6D6B517571395574767077515748387965636B4E587850513D',X'674141414141427241596A657661784637746D48716178594A73456944624E54774D4C654D69416A65392D2D5853476335425F34325A6D57484C73715A364830727738377932537556797571514E62617932623575453451307A4543457737524E77346967527953714E755A396E4B706368705A4D55633D','2026-11-21 12:00:00.123456','2026-11-21 11:59:59.123456');
CREATE TABLE repairs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	code VARCHAR(32) NOT NULL, 
	account_id INTEGER, 
	connection_id INTEGER, 
	open_key VARCHAR(100), 
	facts TEXT NOT NULL, 
	opened_at DATETIME NOT NULL, 
	closed_at DATETIME, 
	CONSTRAINT fk_repairs_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT fk_repairs_connection_id FOREIGN KEY(connection_id) REFERENCES connections (id), 
	CONSTRAINT uq_repairs_open_key UNIQUE (open_key)
);
INSERT INTO "repairs" VALUES(1,'list_missing',1,1,'list_missing:1:1','{"list":"5"}','2026-11-21 12:00:00.123456',NULL);
CREATE TABLE stream_states (
	connection_id INTEGER NOT NULL, 
	stream VARCHAR(255) NOT NULL, 
	stream_state TEXT NOT NULL, 
	CONSTRAINT pk_stream_states PRIMARY KEY (connection_id, stream), 
	CONSTRAINT fk_stream_states_connection_id FOREIGN KEY(connection_id) REFERENCES connections (id)
);
INSERT INTO "stream_states" VALUES(1,'contacts','{"type":"STREAM","stream":{"stream_descriptor":{"name":"contacts","namespace":null},"stream_state":{"at":5}}}');
CREATE TABLE suppressions (
	connection_id INTEGER NOT NULL, 
	fingerprint BLOB NOT NULL, 
	address VARCHAR(320), 
	reason VARCHAR(32) NOT NULL, 
	since DATETIME NOT NULL, 
	CONSTRAINT pk_suppressions PRIMARY KEY (connection_id, fingerprint), 
	CONSTRAINT fk_suppressions_connection_id FOREIGN KEY(connection_id) REFERENCES connections (id)
);
INSERT INTO "suppressions" VALUES(1,X'F52BBC3400ECCE4CF4E88C899826F99713FD51E985F9E786F8B64FDF841B2A56',NULL,'complained','2026-11-21 12:00:00.123456');
INSERT INTO "suppressions" VALUES(1,X'F5CDA0226F15182E362D38261A66CD887B803F0CDA30D095A906FB1975AB8E57','left@example.com','unsubscribed','2026-11-21 12:00:00.123456');
CREATE TABLE syncs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	account_id INTEGER NOT NULL, 
	connection_id INTEGER NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	lane VARCHAR(32) NOT NULL, 
	"trigger" VARCHAR(32) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	open_key VARCHAR(64), 
	lane_key VARCHAR(64), 
	joined INTEGER NOT NULL, 
	due_at DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	finished_at DATETIME, 
	attempts INTEGER NOT NULL, 
	owner VARCHAR(255), 
	heartbeat_at DATETIME, 
	lease_until DATETIME, 
	cancel_requested BOOLEAN NOT NULL, 
	counts TEXT NOT NULL, 
	progress TEXT, 
	failure VARCHAR(64), 
	failure_text TEXT, 
	CONSTRAINT fk_syncs_account_id FOREIGN KEY(account_id) REFERENCES accounts (id), 
	CONSTRAINT fk_syncs_connection_id FOREIGN KEY(connection_id) REFERENCES connections (id), 
	CONSTRAINT uq_syncs_lane_key UNIQUE (lane_key), 
	CONSTRAINT uq_syncs_open_key UNIQUE (open_key)
);
INSERT INTO "syncs" VALUES(1,1,1,'backfill','bulk','manual','waiting','1:backfill',NULL,0,'2026-11-21 12:00:01.123456','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',NULL,1,NULL,'2026-11-21 12:00:00.123456',NULL,0,'{"read":5,"sent":0,"delivered":0,"unchanged":0,"unsynced":0,"removed":0,"total":9}',NULL,'unreachable','amoCRM не отвечает');
INSERT INTO "syncs" VALUES(2,1,1,'incremental','bulk','manual','queued','1:incremental',NULL,0,'2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',NULL,NULL,0,NULL,NULL,NULL,0,'{"read":0,"sent":0,"delivered":0,"unchanged":0,"unsynced":0,"removed":0,"total":null}',NULL,NULL,NULL);
INSERT INTO "syncs" VALUES(3,1,1,'realtime','realtime','manual','running',NULL,'1:realtime',0,'2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',NULL,0,'worker-1','2026-11-21 12:00:00.123456','2026-11-21 12:00:25.123456',0,'{"read":0,"sent":0,"delivered":0,"unchanged":0,"unsynced":0,"removed":0,"total":null}',NULL,NULL,NULL);
INSERT INTO "syncs" VALUES(4,1,1,'deep','bulk','manual','queued','1:deep',NULL,0,'2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',NULL,NULL,0,NULL,NULL,NULL,0,'{"read":0,"sent":0,"delivered":0,"unchanged":0,"unsynced":0,"removed":0,"total":null}',NULL,NULL,NULL);
CREATE TABLE webhook_events (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	source VARCHAR(32) NOT NULL, 
	account_id BIGINT, 
	body BLOB NOT NULL, 
	received_at DATETIME NOT NULL, 
	verdict VARCHAR(32) NOT NULL
);
INSERT INTO "webhook_events" VALUES(1,'amocrm',1,X'78014BB435040001D100D0','2026-11-21 12:00:00.123456','accepted');
INSERT INTO "webhook_events" VALUES(2,'amocrm',NULL,X'78014BB235040001D400D1','2026-11-21 12:00:00.123456','unknown_account');
CREATE INDEX ix_changes_connection_id_seen_at ON changes (connection_id, seen_at);
CREATE INDEX ix_integrations_client_id ON integrations (client_id);
CREATE INDEX ix_ledger_connection_id_delivered_at ON ledger (connection_id, delivered_at);
CREATE INDEX ix_ledger_connection_id_reason ON ledger (connection_id, reason);
CREATE INDEX ix_ledger_addresses_connection_id_stream_record_id ON ledger_addresses (connection_id, stream, record_id);
CREATE INDEX ix_nonces_until ON nonces (until);
CREATE INDEX ix_webhook_events_account_id ON webhook_events (account_id);
CREATE INDEX ix_webhook_events_received_at ON webhook_events (received_at);
CREATE INDEX ix_accounts_amocrm_id ON accounts (amocrm_id);
CREATE INDEX ix_accounts_host ON accounts (host);
CREATE INDEX ix_oauth_tokens_expires_at ON oauth_tokens (expires_at);
CREATE INDEX ix_repairs_account_id ON repairs (account_id);
CREATE INDEX ix_repairs_connection_id ON repairs (connection_id);
CREATE INDEX ix_suppressions_connection_id_address ON suppressions (connection_id, address);
CREATE INDEX ix_syncs_account_id ON syncs (account_id);
CREATE INDEX ix_syncs_connection_id_kind ON syncs (connection_id, kind);
CREATE INDEX ix_syncs_status_due_at ON syncs (status, due_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('integrations',1);
INSERT INTO "sqlite_sequence" VALUES('accounts',1);
INSERT INTO "sqlite_sequence" VALUES('connections',1);
INSERT INTO "sqlite_sequence" VALUES('webhook_events',2);
INSERT INTO "sqlite_sequence" VALUES('syncs',4);
INSERT INTO "sqlite_sequence" VALUES('attempts',2);
INSERT INTO "sqlite_sequence" VALUES('repairs',1);
INSERT INTO "sqlite_sequence" VALUES('audit_log',1);
COMMIT;
