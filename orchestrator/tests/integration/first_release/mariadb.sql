SET FOREIGN_KEY_CHECKS = 0;
CREATE TABLE `accounts` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `integration_id` bigint(20) NOT NULL,
  `amocrm_id` bigint(20) NOT NULL,
  `host` varchar(255) NOT NULL,
  `name` varchar(255) NOT NULL,
  `status` varchar(32) NOT NULL,
  `webhook_secret` blob NOT NULL,
  `webhook_fingerprint` binary(32) NOT NULL,
  `webhooks` tinyint(1) NOT NULL,
  `webhook_checked_at` datetime(6) DEFAULT NULL,
  `unlink_mode` varchar(32) DEFAULT NULL,
  `linked_at` datetime(6) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_accounts_integration_id_amocrm_id` (`integration_id`,`amocrm_id`),
  UNIQUE KEY `uq_accounts_webhook_fingerprint` (`webhook_fingerprint`),
  KEY `ix_accounts_amocrm_id` (`amocrm_id`),
  KEY `ix_accounts_host` (`host`),
  CONSTRAINT `fk_accounts_integration_id` FOREIGN KEY (`integration_id`) REFERENCES `integrations` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `accounts` VALUES (1, 1, 31415926, 'acme.kommo.com', 'Акме', 'active', X'674141414141427241597139574b6a4a7a424144646a5259564956644556594b4e7146386e616874503444626e50365577797058636d6a796c4338344b7678566c42626f546c426844686d6e346b6e6d743133435a6566355f38374448594d575936376b3867414c724d5f57797430657947474d5f496f3d', X'e5671b332a172273df64ead8fce2d7c1604db326e21639042ac80f12f4445c03', 1, '2026-11-21 12:00:00.123456', NULL, '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456');
CREATE TABLE `alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `alembic_version` VALUES ('0001');
CREATE TABLE `announcements` (
  `connection_id` bigint(20) NOT NULL,
  `lane` varchar(32) NOT NULL,
  `content` mediumtext NOT NULL,
  PRIMARY KEY (`connection_id`,`lane`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `announcements` VALUES (1, 'bulk', '[[\"contacts\",1,[\"anna@example.com\",\"иван@пример.рф\"]]]');
CREATE TABLE `attempts` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `sync_id` bigint(20) NOT NULL,
  `number` int(11) NOT NULL,
  `owner` varchar(255) NOT NULL,
  `started_at` datetime(6) NOT NULL,
  `finished_at` datetime(6) DEFAULT NULL,
  `outcome` varchar(32) NOT NULL,
  `counts` mediumtext NOT NULL,
  `failure` varchar(64) DEFAULT NULL,
  `failure_text` text DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_attempts_sync_id_number` (`sync_id`,`number`),
  CONSTRAINT `fk_attempts_sync_id` FOREIGN KEY (`sync_id`) REFERENCES `syncs` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `attempts` VALUES (1, 1, 1, 'worker-1', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', 'waiting', '{\"read\":5,\"sent\":0,\"delivered\":0,\"unchanged\":0,\"unsynced\":0,\"removed\":0,\"total\":9}', 'unreachable', 'amoCRM не отвечает');
INSERT INTO `attempts` VALUES (2, 3, 1, 'worker-1', '2026-11-21 12:00:00.123456', NULL, 'running', '{\"read\":0,\"sent\":0,\"delivered\":0,\"unchanged\":0,\"unsynced\":0,\"removed\":0,\"total\":null}', NULL, NULL);
CREATE TABLE `audit_log` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `at` datetime(6) NOT NULL,
  `actor` varchar(255) NOT NULL,
  `action` varchar(100) NOT NULL,
  `subject` varchar(255) NOT NULL,
  `details` mediumtext NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `audit_log` VALUES (1, '2026-11-21 12:00:00.123456', 'cli', 'account.link', 'account 1', '{\"host\":\"acme\"}');
CREATE TABLE `changes` (
  `connection_id` bigint(20) NOT NULL,
  `stream` varchar(32) NOT NULL,
  `record_id` bigint(20) NOT NULL,
  `action` varchar(32) NOT NULL,
  `seen_at` datetime(6) NOT NULL,
  `newest_at` datetime(6) NOT NULL,
  `seq` bigint(20) NOT NULL,
  PRIMARY KEY (`connection_id`,`stream`,`record_id`),
  KEY `ix_changes_connection_id_seen_at` (`connection_id`,`seen_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `changes` VALUES (1, 'companies', 2, 'delete', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', 1795262400123456);
INSERT INTO `changes` VALUES (1, 'contacts', 1, 'upsert', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', 1795262400123456);
CREATE TABLE `connections` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `account_id` bigint(20) NOT NULL,
  `name` varchar(255) NOT NULL,
  `live_name` varchar(255) DEFAULT NULL,
  `status` varchar(32) NOT NULL,
  `api_key` blob NOT NULL,
  `destination` mediumtext NOT NULL,
  `streams` mediumtext NOT NULL,
  `filter` mediumtext DEFAULT NULL,
  `consent_field` varchar(255) DEFAULT NULL,
  `on_leaving` varchar(32) NOT NULL,
  `on_delete` varchar(32) NOT NULL,
  `schedule` varchar(255) DEFAULT NULL,
  `deep_schedule` varchar(255) DEFAULT NULL,
  `max_removals` double NOT NULL,
  `runner` varchar(32) NOT NULL,
  `airbyte_connection_id` varchar(255) DEFAULT NULL,
  `hook_secret` blob NOT NULL,
  `hook_fingerprint` binary(32) DEFAULT NULL,
  `managed_by` varchar(32) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_connections_account_id_live_name` (`account_id`,`live_name`),
  UNIQUE KEY `uq_connections_hook_fingerprint` (`hook_fingerprint`),
  CONSTRAINT `fk_connections_account_id` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `connections` VALUES (1, 1, 'Рассылка', 'Рассылка', 'active', X'67414141414142724159713964744e7171304a314a765f30485653586564344f33483675744b3246537a4c6333366c6a73366b76505251334772703136332d37357a3336654b6a414175635a72743249756549474b7167744b7857795f57493745454569516373754e46754f784d6647757335375262673d', '{\"list\":{\"title\":\"Клиенты\"}}', '[\"contacts\",\"companies\"]', '{\"tag\":\"клиент\"}', 'OK', 'exclude', 'exclude', '*/15 * * * *', '17 3 * * 0', 0.3e0, 'airbyte', '0b1c', X'6741414141414272415971396e58466e366f796a4f5a4230666f46666e65447145746c554a4134356d6a565859735567624f75796256336d42337744466a3558724f6a495864377768463542445f6136357a545a4a3350756f346143673071767a6a624b4b4b6b2d583752706a415a767738514f4a6e6f3d', X'6942560fc59c32862f23ab6ae792e6b1119f2d5077aa9a107b69eafc352c277b', 'database');
CREATE TABLE `integrations` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(100) DEFAULT NULL,
  `client_id` varchar(100) NOT NULL,
  `client_secret` blob NOT NULL,
  `redirect_uri` varchar(500) NOT NULL,
  `zone` varchar(32) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_integrations_name` (`name`),
  KEY `ix_integrations_client_id` (`client_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `integrations` VALUES (1, 'main', 'client-1', X'674141414141427241597139576f346c62546d6235545476734e4d675a772d3765524f6f4830437932665041646b4f7457343956754a593043416466566c342d6a774448743248396443654234396b734b65356d474230385a7358304b4a3568634e577863487274395032715143434667396664722d513d', 'https://sync.example.org/oauth/callback', 'kommo.com');
CREATE TABLE `key_marks` (
  `name` varchar(32) NOT NULL,
  `fingerprint` binary(32) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `key_marks` VALUES ('fingerprint', X'd1a13d9c01aa524524432f8be8a65e5485df841198672781f91ce84d043fa2cc');
CREATE TABLE `leases` (
  `name` varchar(191) NOT NULL,
  `owner` varchar(255) NOT NULL,
  `until` datetime(6) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `leases` VALUES ('schedule', 'scheduler-1', '2026-11-21 12:00:25.123456');
CREATE TABLE `ledger` (
  `connection_id` bigint(20) NOT NULL,
  `stream` varchar(32) NOT NULL,
  `record_id` bigint(20) NOT NULL,
  `reason` varchar(32) NOT NULL,
  `version` bigint(20) NOT NULL,
  `digest` varbinary(64) DEFAULT NULL,
  `addresses` text DEFAULT NULL,
  `claims` text DEFAULT NULL,
  `name` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
  `detail` varchar(1000) NOT NULL,
  `other` varchar(100) NOT NULL,
  `decided_at` datetime(6) NOT NULL,
  `delivered_at` datetime(6) DEFAULT NULL,
  `seen_at` datetime(6) NOT NULL,
  `latency_ms` bigint(20) DEFAULT NULL,
  `live_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`connection_id`,`stream`,`record_id`),
  KEY `ix_ledger_connection_id_live_at` (`connection_id`,`live_at`,`latency_ms`),
  KEY `ix_ledger_connection_id_reason` (`connection_id`,`reason`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `ledger` VALUES (1, 'companies', 3, 'rejected', 1, X'00646967657374ff', NULL, NULL, 'Person 3', 'слишком длинно', '', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', NULL, NULL);
INSERT INTO `ledger` VALUES (1, 'contacts', 1, 'delivered', 1, X'00646967657374ff', '[\"anna@example.com\",\"иван@пример.рф\"]', NULL, 'Анна Образцова', '', '', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', 700, '2026-11-21 12:00:00.123456');
INSERT INTO `ledger` VALUES (1, 'contacts', 2, 'duplicate_address', 1, NULL, NULL, '[\"anna@example.com\"]', 'Person 2', '', 'contacts/1', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', NULL, NULL);
CREATE TABLE `ledger_addresses` (
  `connection_id` bigint(20) NOT NULL,
  `address` varchar(320) NOT NULL,
  `stream` varchar(32) NOT NULL,
  `record_id` bigint(20) NOT NULL,
  PRIMARY KEY (`connection_id`,`address`,`stream`,`record_id`),
  KEY `ix_ledger_addresses_connection_id_stream_record_id` (`connection_id`,`stream`,`record_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `ledger_addresses` VALUES (1, 'anna@example.com', 'contacts', 1);
INSERT INTO `ledger_addresses` VALUES (1, 'anna@example.com', 'contacts', 2);
INSERT INTO `ledger_addresses` VALUES (1, 'иван@пример.рф', 'contacts', 1);
CREATE TABLE `ledger_turns` (
  `connection_id` bigint(20) NOT NULL,
  `writes` bigint(20) NOT NULL,
  PRIMARY KEY (`connection_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `ledger_turns` VALUES (1, 1);
CREATE TABLE `nonces` (
  `fingerprint` binary(32) NOT NULL,
  `until` datetime(6) NOT NULL,
  PRIMARY KEY (`fingerprint`),
  KEY `ix_nonces_until` (`until`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `nonces` VALUES (X'd5f42ca25f2e32374b98e70545587df5b1d49b348bbbacf2e67a3f519610daf2', '2026-11-21 12:00:25.123456');
CREATE TABLE `oauth_tokens` (
  `account_id` bigint(20) NOT NULL,
  `access_token` blob NOT NULL,
  `refresh_token` blob DEFAULT NULL,
  `expires_at` datetime(6) DEFAULT NULL,
  `refreshing_since` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`account_id`),
  KEY `ix_oauth_tokens_expires_at` (`expires_at`),
  CONSTRAINT `fk_oauth_tokens_account_id` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `oauth_tokens` VALUES (1, X'6741414141414272415971395167767673626b426d426f445a4e425971383758444c566e35464a684b384643534f66565863447977476b69453279366b697858335365414e35384f584d735146614f6a4637772d524c36794a77647553746d316a666b6b4f3149455055616c6558654d576873696261593d', X'6741414141414272415971394546754f474a4434624b6a4a506b786d68397576535f72337857444155354b7952427663612d30534b766e5436775a33524751737971417534704477754e6c4b42596a374a744b79656a76394c6e765737375a635f70677941386b776d62386230494e316e335735737a493d', '2026-11-21 12:00:00.123456', '2026-11-21 11:59:59.123456');
CREATE TABLE `repairs` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `code` varchar(32) NOT NULL,
  `account_id` bigint(20) DEFAULT NULL,
  `connection_id` bigint(20) DEFAULT NULL,
  `open_key` varchar(100) DEFAULT NULL,
  `facts` mediumtext NOT NULL,
  `opened_at` datetime(6) NOT NULL,
  `closed_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_repairs_open_key` (`open_key`),
  KEY `ix_repairs_account_id` (`account_id`),
  KEY `ix_repairs_connection_id` (`connection_id`),
  CONSTRAINT `fk_repairs_account_id` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`),
  CONSTRAINT `fk_repairs_connection_id` FOREIGN KEY (`connection_id`) REFERENCES `connections` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `repairs` VALUES (1, 'list_missing', 1, 1, 'list_missing:1:1', '{\"list\":\"5\"}', '2026-11-21 12:00:00.123456', NULL);
CREATE TABLE `stream_states` (
  `connection_id` bigint(20) NOT NULL,
  `stream` varchar(255) NOT NULL,
  `stream_state` mediumtext NOT NULL,
  PRIMARY KEY (`connection_id`,`stream`),
  CONSTRAINT `fk_stream_states_connection_id` FOREIGN KEY (`connection_id`) REFERENCES `connections` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `stream_states` VALUES (1, 'contacts', '{\"type\":\"STREAM\",\"stream\":{\"stream_descriptor\":{\"name\":\"contacts\",\"namespace\":null},\"stream_state\":{\"at\":5}}}');
CREATE TABLE `suppressions` (
  `connection_id` bigint(20) NOT NULL,
  `fingerprint` binary(32) NOT NULL,
  `address` varchar(320) DEFAULT NULL,
  `reason` varchar(32) NOT NULL,
  `since` datetime(6) NOT NULL,
  PRIMARY KEY (`connection_id`,`fingerprint`),
  KEY `ix_suppressions_connection_id_address` (`connection_id`,`address`),
  CONSTRAINT `fk_suppressions_connection_id` FOREIGN KEY (`connection_id`) REFERENCES `connections` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `suppressions` VALUES (1, X'f52bbc3400ecce4cf4e88c899826f99713fd51e985f9e786f8b64fdf841b2a56', NULL, 'complained', '2026-11-21 12:00:00.123456');
INSERT INTO `suppressions` VALUES (1, X'f5cda0226f15182e362d38261a66cd887b803f0cda30d095a906fb1975ab8e57', 'left@example.com', 'unsubscribed', '2026-11-21 12:00:00.123456');
CREATE TABLE `syncs` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `account_id` bigint(20) NOT NULL,
  `connection_id` bigint(20) NOT NULL,
  `kind` varchar(32) NOT NULL,
  `lane` varchar(32) NOT NULL,
  `trigger` varchar(32) NOT NULL,
  `status` varchar(32) NOT NULL,
  `open_key` varchar(64) DEFAULT NULL,
  `lane_key` varchar(64) DEFAULT NULL,
  `joined` int(11) NOT NULL,
  `due_at` datetime(6) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `started_at` datetime(6) DEFAULT NULL,
  `finished_at` datetime(6) DEFAULT NULL,
  `attempts` int(11) NOT NULL,
  `owner` varchar(255) DEFAULT NULL,
  `heartbeat_at` datetime(6) DEFAULT NULL,
  `lease_until` datetime(6) DEFAULT NULL,
  `cancel_requested` tinyint(1) NOT NULL,
  `counts` mediumtext NOT NULL,
  `progress` mediumtext DEFAULT NULL,
  `failure` varchar(64) DEFAULT NULL,
  `failure_text` text DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_syncs_lane_key` (`lane_key`),
  UNIQUE KEY `uq_syncs_open_key` (`open_key`),
  KEY `ix_syncs_account_id` (`account_id`),
  KEY `ix_syncs_connection_id_kind` (`connection_id`,`kind`),
  KEY `ix_syncs_status_due_at` (`status`,`due_at`),
  CONSTRAINT `fk_syncs_account_id` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`),
  CONSTRAINT `fk_syncs_connection_id` FOREIGN KEY (`connection_id`) REFERENCES `connections` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `syncs` VALUES (1, 1, 1, 'backfill', 'bulk', 'manual', 'waiting', '1:backfill', NULL, 0, '2026-11-21 12:00:01.123456', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', NULL, 1, NULL, '2026-11-21 12:00:00.123456', NULL, 0, '{\"read\":5,\"sent\":0,\"delivered\":0,\"unchanged\":0,\"unsynced\":0,\"removed\":0,\"total\":9}', NULL, 'unreachable', 'amoCRM не отвечает');
INSERT INTO `syncs` VALUES (2, 1, 1, 'incremental', 'bulk', 'manual', 'queued', '1:incremental', NULL, 0, '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', NULL, NULL, 0, NULL, NULL, NULL, 0, '{\"read\":0,\"sent\":0,\"delivered\":0,\"unchanged\":0,\"unsynced\":0,\"removed\":0,\"total\":null}', NULL, NULL, NULL);
INSERT INTO `syncs` VALUES (3, 1, 1, 'realtime', 'realtime', 'manual', 'running', NULL, '1:realtime', 0, '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', NULL, 0, 'worker-1', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:25.123456', 0, '{\"read\":0,\"sent\":0,\"delivered\":0,\"unchanged\":0,\"unsynced\":0,\"removed\":0,\"total\":null}', NULL, NULL, NULL);
INSERT INTO `syncs` VALUES (4, 1, 1, 'deep', 'bulk', 'manual', 'queued', '1:deep', NULL, 0, '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', NULL, NULL, 0, NULL, NULL, NULL, 0, '{\"read\":0,\"sent\":0,\"delivered\":0,\"unchanged\":0,\"unsynced\":0,\"removed\":0,\"total\":null}', NULL, NULL, NULL);
CREATE TABLE `webhook_events` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `source` varchar(32) NOT NULL,
  `account_id` bigint(20) DEFAULT NULL,
  `body` mediumblob NOT NULL,
  `received_at` datetime(6) NOT NULL,
  `verdict` varchar(32) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_webhook_events_account_id` (`account_id`),
  KEY `ix_webhook_events_received_at` (`received_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `webhook_events` VALUES (1, 'amocrm', 1, X'78014bb435040001d100d0', '2026-11-21 12:00:00.123456', 'accepted');
INSERT INTO `webhook_events` VALUES (2, 'amocrm', NULL, X'78014bb235040001d400d1', '2026-11-21 12:00:00.123456', 'unknown_account');
SET FOREIGN_KEY_CHECKS = 1;
