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
INSERT INTO "accounts" VALUES(1,1,31415926,'acme.kommo.com','Акме','active',X'67414141414142724159713739696F586D494D754A3178424D6A585750723454365638617453527844314557705664543573387A686852674F3168473548697055313867507134456C46686D6C6A61715663594C37787447787A466C7048756D4874303270466D516D4C35354E76785A775864416D36553D',X'E5671B332A172273DF64EAD8FCE2D7C1604DB326E21639042AC80F12F4445C03',1,'2026-11-21 12:00:00.123456',NULL,'2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456');
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
INSERT INTO "connections" VALUES(1,1,'Рассылка','Рассылка','active',X'67414141414142724159713755664D646C534952586331734B797449675573446C4A7436654C6E71466A4F6A5931556672467A5F4D5A6259446156677168463844325348497A695F7A726B55735263337865386E333149584B455434424D6C666463626D4A434678315746686C7033704B47356D7552593D','{"list":{"title":"Клиенты"}}','["contacts","companies"]','{"tag":"клиент"}','OK','exclude','exclude','*/15 * * * *','17 3 * * 0',0.3,'airbyte','0b1c',X'674141414141427241597137666C6137647A4E6B36794E6632383072482D706D39696D6D332D6E6F6E454E5F703930336A4E6431614F6F4C774139445F695A455546725A644D6A4F6831414E66497A54766B376679373934546D5732534164637832695159436245664F7365586E584D5878535A624C773D',X'6942560FC59C32862F23AB6AE792E6B1119F2D5077AA9A107B69EAFC352C277B','database');
CREATE TABLE integrations (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(100), 
	client_id VARCHAR(100) NOT NULL, 
	client_secret BLOB NOT NULL, 
	redirect_uri VARCHAR(500) NOT NULL, 
	zone VARCHAR(32) NOT NULL, 
	CONSTRAINT uq_integrations_name UNIQUE (name)
);
INSERT INTO "integrations" VALUES(1,'main','client-1',X'6741414141414272415971374C586F365F5F717A584546306D777A32576A7A47714F4A4D5A367863643969753230342D4C5566636659536C525072735A504B554A4541744C617A65594D6C32754271387541566658377779333954493237574F745050615F324F624B4C63746D3759476E7466335849413D','https://sync.example.org/oauth/callback','kommo.com');
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
	live_at DATETIME, 
	CONSTRAINT pk_ledger PRIMARY KEY (connection_id, stream, record_id)
);
INSERT INTO "ledger" VALUES(1,'companies',3,'rejected',1,X'00646967657374FF',NULL,NULL,'Person 3','слишком длинно','','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',NULL,NULL);
INSERT INTO "ledger" VALUES(1,'contacts',1,'delivered',1,X'00646967657374FF','["anna@example.com","иван@пример.рф"]',NULL,'Анна Образцова','','','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',700,'2026-11-21 12:00:00.123456');
INSERT INTO "ledger" VALUES(1,'contacts',2,'duplicate_address',1,NULL,NULL,'["anna@example.com"]','Person 2','','contacts/1','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456','2026-11-21 12:00:00.123456',NULL,NULL);
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
INSERT INTO "oauth_tokens" VALUES(1,X'674141414141427241597137336F45362D736978775A7265797A5658364C4E71617372586B6F78797156484E4649615572305F7374466D53516F6C637A57564C67587743494959537378636E4C744672776D6A52416246554B4939735F39717769417651785A4372644969584C614E47457142595179413D',X'67414141414142724159713776774C7A7953666F507A647A51767973775A376451523850777342734756496A50764E764F6B306B69437265306374786E4D78323730736B7664456C48446B743261544A55663049326B4C375330375F4135423955636378534E7332313866796C664C6D77594536704B493D','2026-11-21 12:00:00.123456','2026-11-21 11:59:59.123456');
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
CREATE INDEX ix_ledger_connection_id_live_at ON ledger (connection_id, live_at, latency_ms);
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
