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
INSERT INTO `accounts` VALUES (1, 1, 31415926, 'acme.kommo.com', 'Акме', 'active', X'674141414141427241596a66695862584b7444646c435a533857465969314346626e5667736855676e5857357a7a70714a41456b586e5537444974594f636b796b316963674b476532794a5a536c574c5f32795437574a687a645379346e7255695755546a71784e5652776264476d516d524b396236343d', X'e5671b332a172273df64ead8fce2d7c1604db326e21639042ac80f12f4445c03', 1, '2026-11-21 12:00:00.123456', NULL, '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456');
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
INSERT INTO `connections` VALUES (1, 1, 'Рассылка', 'Рассылка', 'active', X'674141414141427241596a66353759773655586b62506e6737506f6277637439657670394b374a7375656c6f4c4e6e413977694d687053495748646247614232444a684d6f796b3957385033515379636e576d4f415550776548396d62463758516945394a5f634773552d7857485152626359552d6f593d', '{\"list\":{\"title\":\"Клиенты\"}}', '[\"contacts\",\"companies\"]', '{\"tag\":\"клиент\"}', 'OK', 'exclude', 'exclude', '*/15 * * * *', '17 3 * * 0', 0.3e0, 'airbyte', '0b1c', X'674141414141427241596a66765a734d5f6c4d4a746e505535447638696e462d576275576c704a5478746361456763345f4a5f66527230777a6a2d716c633150776c7958434d75365f38746374736732474e746361666a5f6f2d627477352d5a6b5968392d754d396a6a72714248576d476f53453037593d', X'6942560fc59c32862f23ab6ae792e6b1119f2d5077aa9a107b69eafc352c277b', 'database');
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
INSERT INTO `integrations` VALUES (1, 'main', 'client-1', X'674141414141427241596a664949305f444743326c644e796334636f45377673625a4c4c64336e766a374f777036516778457233416f457939526a674d7339777179584e3472774677726749525f6a6f32703954754c2d7a53595932387438635941655a3145664572526677757a736b6c6351434566493d', 'https://sync.example.org/oauth/callback', 'kommo.com');
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
  PRIMARY KEY (`connection_id`,`stream`,`record_id`),
  KEY `ix_ledger_connection_id_delivered_at` (`connection_id`,`delivered_at`),
  KEY `ix_ledger_connection_id_reason` (`connection_id`,`reason`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `ledger` VALUES (1, 'companies', 3, 'rejected', 1, X'00646967657374ff', NULL, NULL, 'Person 3', 'слишком длинно', '', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', NULL);
INSERT INTO `ledger` VALUES (1, 'contacts', 1, 'delivered', 1, X'00646967657374ff', '[\"anna@example.com\",\"иван@пример.рф\"]', NULL, 'Анна Образцова', '', '', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', 700);
INSERT INTO `ledger` VALUES (1, 'contacts', 2, 'duplicate_address', 1, NULL, NULL, '[\"anna@example.com\"]', 'Person 2', '', 'contacts/1', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', '2026-11-21 12:00:00.123456', NULL);
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
INSERT INTO `oauth_tokens` VALUES (1, X'674141414141427241596a66416c7561414a6a32566b4d394976732d51634f7a6863593774344776647a55383262656364683036717143516853516532487a65334e42557759686e30343363306531514d5f47506e354f48785237435f7a664d3234586445454e42304338454568577258746c7a79316b3d', X'674141414141427241596a665556556341485f706e6f746e58645a707958566c594a636868643142366f547434313073396e365971504545387275696149316f5852414330676737536f7278777a7a4634385a3464672d5233625a546b764b75544d7339705f4970535138632d3365676e6b48766b636b3d', '2026-11-21 12:00:00.123456', '2026-11-21 11:59:59.123456');
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
