<?php
// Read-back for a PHP receiver: put it beside the receiver in test installations only, never in production.
// --readback http://HOST/readback.php   The DSN comes from the environment: READBACK_DSN=mysql:host=…;dbname=…
$selects = [ // your tables; times are stored in UTC here
    'punches' => "SELECT user_id AS user, log_time AS time, type, input FROM punches",
    'templates' => "SELECT user_id AS user, type, idx AS 'index', data FROM templates",
    'users' => "SELECT user_id AS user, first_name, last_name FROM users",
];
header('Content-Type: application/json');
$kind = basename($_SERVER['PATH_INFO'] ?? $_SERVER['REQUEST_URI']);
$kind = explode('?', $kind)[0];
if ($kind === 'capabilities') {
    echo json_encode(['time_policy' => 'instant', 'keeps' => ['punches', 'templates', 'users', 'type', 'input']]);
    exit;
}
if (!isset($selects[$kind])) {
    http_response_code(404);
    exit;
}
preg_match_all('/(?:^|&)user=([^&]*)/', $_SERVER['QUERY_STRING'] ?? '', $found); // PHP keeps the last of equal names only
$people = array_map('urldecode', $found[1]);
$db = new PDO(getenv('READBACK_DSN'), getenv('READBACK_USER') ?: null, getenv('READBACK_PASSWORD') ?: null);
$statement = $db->prepare($selects[$kind] . ' WHERE user_id IN (' . implode(', ', array_fill(0, count($people), '?')) . ')');
$statement->execute($people);
$rows = $statement->fetchAll(PDO::FETCH_ASSOC);
foreach ($rows as &$row) {
    if (isset($row['time'])) {
        $row['time'] = str_replace(' ', 'T', $row['time']) . 'Z';
    }
    if (isset($row['data'])) { // a template leaves as its digest: of the decoded data, of the text for card and password
        $plain = in_array($row['type'], ['Card', 'Password'], true);
        $row['sha256'] = hash('sha256', $plain ? $row['data'] : base64_decode($row['data']));
        unset($row['data']);
    }
}
echo json_encode([$kind => $rows]);
