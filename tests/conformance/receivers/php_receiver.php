<?php
// A callback receiver in PHP with SQLite, right but for one bug: `TOKEN=… BUG=… STORE=file php -S 127.0.0.1:PORT php_receiver.php`.
// BUG is a name of bugs.toml, or `none`. Read-back is at /readback. It takes v3 and knows one device.

const TABLES = <<<SQL
CREATE TABLE IF NOT EXISTS punches (user TEXT, time INTEGER, type TEXT, input TEXT, temperature TEXT, PRIMARY KEY (user, time));
CREATE TABLE IF NOT EXISTS templates (user TEXT, type TEXT, idx TEXT, sha256 TEXT, PRIMARY KEY (user, type, idx));
CREATE TABLE IF NOT EXISTS users (user TEXT PRIMARY KEY, first_name TEXT, last_name TEXT);
SQL;

// As the frameworks do: a notice or a warning is an exception, and one that nobody catches is an HTTP 500.
set_error_handler(function (int $level, string $message, string $file, int $line): never {
    throw new ErrorException($message, 0, $level, $file, $line);
});

function has(string $bug): bool
{
    return getenv('BUG') === $bug;
}

function run(string $sql, array $values): PDOStatement
{
    static $db = null;
    if ($db === null) {
        $db = new PDO('sqlite:' . getenv('STORE'));
        $db->exec('PRAGMA synchronous = OFF');
        $db->exec(TABLES);
    }
    $statement = $db->prepare($sql);
    $statement->execute($values);
    return $statement;
}

// Epoch seconds of `2020-09-17 07:48:22 GMT +0530`.
function instant(string $text): int
{
    if (has('strtotime')) {
        return strtotime($text); // takes "GMT" for the time zone and passes over what follows it
    }
    $at = DateTimeImmutable::createFromFormat('Y-m-d H:i:s \G\M\T O', $text);
    if ($at === false) {
        throw new ValueError("no time: $text");
    }
    return $at->getTimestamp();
}

function punch(array $row): void
{
    $values = [$row['UserId'], instant($row['LogTime']), $row['Type'], $row['InputType'] ?? null, $row['Temperature'] ?? null];
    run('INSERT OR IGNORE INTO punches VALUES (?, ?, ?, ?, ?)', $values);
}

function keep_template(string $user, array $template): void
{
    $type = $template['Type'];
    $index = in_array($type, ['Fingerprint', 'Face', 'Palm'], true) ? $template['Index'] ?? '0' : '';
    $plain = in_array($type, ['Card', 'Password'], true);
    $digest = hash('sha256', $plain ? $template['Data'] : base64_decode($template['Data']));
    if (has('template-a-user')) {
        run('DELETE FROM templates WHERE user = ?', [$user]);
    }
    run('INSERT OR REPLACE INTO templates VALUES (?, ?, ?, ?)', [$user, $type, $index, $digest]);
}

function updated(array $row): void
{
    $templates = $row['Template'] ?? [];
    $user = $row['UserID'] ?? $templates[0]['UserID'];
    $names = [$row['FirstName'] ?? '', $row['LastName'] ?? ''];
    run("INSERT OR IGNORE INTO users VALUES (?, '', '')", [$user]);
    if ($names !== ['', '']) {
        run('UPDATE users SET first_name = ?, last_name = ? WHERE user = ?', [...$names, $user]);
    }
    foreach ($templates as $template) {
        keep_template($user, $template);
    }
}

function deleted(array $row): void
{
    run('DELETE FROM users WHERE user = ?', [$row['UserID']]);
    run('DELETE FROM templates WHERE user = ?', [$row['UserID']]);
}

function answer(int $status, array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode($body, JSON_THROW_ON_ERROR);
}

function received(string $text): void
{
    $body = json_decode($text, true)['RealTime'] ?? null;
    if (!is_array($body)) {
        answer(400, ['status' => 'unreadable']);
        return;
    }
    if (($body['AuthToken'] ?? null) !== getenv('TOKEN')) {
        answer(403, ['status' => 'rejected']);
        return;
    }
    if (has('temperature-500') && isset($body['PunchLog'])) {
        header('X-Temperature: ' . $body['PunchLog']['Temperature']); // "Undefined array key" is a warning
    }
    foreach (['PunchLog' => 'punch', 'UserUpdated' => 'updated', 'UserDeleted' => 'deleted'] as $member => $handle) {
        try {
            if (isset($body[$member])) {
                $handle($body[$member]);
            }
        } catch (Throwable $error) { // an unusable message must not hold the queue
            error_log($error->getMessage());
        }
    }
    answer(200, ['status' => 'done']);
}

function told(string $kind, string $query): void
{
    if ($kind === 'capabilities') {
        answer(200, ['time_policy' => 'instant', 'keeps' => ['punches', 'templates', 'users', 'type', 'input']]);
        return;
    }
    $columns = [
        'punches' => "user, strftime('%Y-%m-%dT%H:%M:%SZ', time, 'unixepoch') AS time, type, input",
        'templates' => "user, type, idx AS 'index', sha256",
        'users' => 'user, first_name, last_name',
    ];
    preg_match_all('/(?:^|&)user=([^&]*)/', $query, $found); // $_GET keeps the last of equal names only
    $people = array_map('urldecode', $found[1]);
    $marks = implode(', ', array_fill(0, count($people), '?'));
    $rows = run("SELECT {$columns[$kind]} FROM $kind WHERE user IN ($marks)", $people);
    answer(200, [$kind => $rows->fetchAll(PDO::FETCH_ASSOC)]);
}

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (str_starts_with($path, '/readback/')) {
    told(basename($path), $_SERVER['QUERY_STRING'] ?? '');
} else {
    received(file_get_contents('php://input'));
}
