<?php
// A callback receiver as PHP integrations write it: one script, PDO with SQLite, a unique key on user and time,
// and the read-back form of the conformance suite. Run: php -S 127.0.0.1:8123 storm_receiver.php
declare(strict_types=1);

function db(): PDO
{
    $file = getenv('STORM_DB') ?: sys_get_temp_dir() . '/storm_receiver.db';
    // A persistent connection: opening the file costs more than the insert.
    $db = new PDO("sqlite:$file", null, null, [PDO::ATTR_PERSISTENT => true, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 10]);
    $db->exec('PRAGMA journal_mode=WAL');
    $db->exec('PRAGMA synchronous=NORMAL');
    $db->exec('CREATE TABLE IF NOT EXISTS punches (user TEXT, at TEXT, type TEXT, input TEXT, PRIMARY KEY (user, at))');
    return $db;
}

function answer(array $body): void
{
    header('Content-Type: application/json');
    echo json_encode($body, JSON_UNESCAPED_UNICODE);
}

function users(): array
{
    preg_match_all('/(?:^|&)user=([^&]*)/', $_SERVER['QUERY_STRING'] ?? '', $found);
    return array_map('urldecode', $found[1]);
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $message = json_decode(file_get_contents('php://input'), true);
    $punch = $message['RealTime']['PunchLog'] ?? null;
    if ($punch !== null) {
        // The format names the offset: strtotime would drop it silently.
        $at = DateTimeImmutable::createFromFormat('Y-m-d H:i:s \G\M\T O', $punch['LogTime']);
        $row = [$punch['UserId'], $at->setTimezone(new DateTimeZone('UTC'))->format('Y-m-d\TH:i:s\Z'), $punch['Type'], $punch['InputType']];
        db()->prepare('INSERT OR IGNORE INTO punches VALUES (?, ?, ?, ?)')->execute($row);
    }
    answer(['status' => 'done']);
} elseif ($path === '/readback/capabilities') {
    answer(['time_policy' => 'instant', 'keeps' => ['punches', 'type', 'input']]);
} elseif ($path === '/readback/punches') {
    $users = users();
    $marks = implode(',', array_fill(0, count($users), '?'));
    $rows = db()->prepare("SELECT user, at AS time, type, input FROM punches WHERE user IN ($marks)");
    $rows->execute($users);
    answer(['punches' => $rows->fetchAll(PDO::FETCH_ASSOC)]);
} else {
    http_response_code(404);
}
