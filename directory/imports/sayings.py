"""What an import says about a file, in both languages. Who knows the real product knows these Japanese sentences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Saying:
    """A sentence with places for values."""

    ja: str
    en: str

    def told(self, language: str, **values: object) -> str:
        """The sentence in this language."""
        return (self.en if language == "en" else self.ja).format(**values)


# ---------------------------------------------------------------- the file

EMPTY = Saying("ファイルが空です。", "The file is empty.")
HEADER_ONLY = Saying("見出しの行だけで、データがありません。", "There is a row of headings, and no data.")
OLD_EXCEL = Saying(
    "古い形式の Excel ファイルです。「テキスト（タブ区切り）」または .xlsx で保存してください。",
    "This is a file of an old Excel. Please save it as text (tab delimited) or as .xlsx.",
)
NO_SHEET = Saying("シート「{sheet}」がありません。", 'There is no sheet "{sheet}".')
NUL = Saying(
    "{row}行目 使えない文字（NUL）が含まれています。",
    "Row {row}: there is a character that cannot be used (NUL).",
)
BAD_LINE = Saying(
    "{row}行目 文字コードを読み取れません。UTF-16（Unicode テキスト）、UTF-8、Shift_JIS のどれかで保存してください。",
    "Row {row}: the encoding cannot be read. Please save it in UTF-16 (Unicode text), UTF-8 or Shift_JIS.",
)
OPEN_QUOTE = Saying('{row}行目 引用符（"）が閉じられていません。', 'Row {row}: a quotation mark (") is not closed.')
DAMAGED_EXCEL = Saying(
    "Excel ファイルを読み取れません。壊れていないか確認してください。",
    "The Excel file cannot be read. Please look whether it is damaged.",
)
LARGE_EXCEL = Saying("Excel ファイルが大きすぎます。", "The Excel file is too large.")
MANY_COLUMNS = Saying(
    "{row}行目 列が多すぎます（{limit}列まで）。", "Row {row}: there are too many columns (at most {limit})."
)
MANY_ROWS = Saying("行が多すぎます（{limit}行まで）。", "There are too many rows (at most {limit}).")
MISSING_COLUMNS = Saying("{columns}は必須項目です。", "{columns}: required, and not in the file.")
COLUMN_TWICE = Saying("1行目 {column}の列が2つあります。", "Row 1: there are two columns {column}.")

# ---------------------------------------------------------------- a ZIP with photos

DAMAGED_ZIP = Saying(
    "ZIP ファイルを読み取れません。壊れていないか確認してください。",
    "The ZIP file cannot be read. Please look whether it is damaged.",
)
LARGE_ZIP = Saying("ZIP ファイルの中身が大きすぎます。", "What the ZIP file holds is too large.")
MANY_ENTRIES = Saying(
    "ZIP ファイルの中のファイルが多すぎます（{limit}個まで）。",
    "There are too many files in the ZIP file (at most {limit}).",
)
LOCKED_ZIP = Saying(
    "ZIP ファイルにパスワードがかかっています。パスワードなしで作り直してください。",
    "The ZIP file has a password. Please make it without one.",
)
NO_TABLE = Saying(
    "ZIP ファイルのいちばん上に、取り込む表（.tsv または .xlsx）がありません。",
    "At the top of the ZIP file there is no table to import (.tsv or .xlsx).",
)
SEVERAL_TABLES = Saying(
    "ZIP ファイルのいちばん上に、表が2つ以上あります（{names}）。",
    "At the top of the ZIP file there is more than one table ({names}).",
)
PICTURE_TWICE = Saying(
    "ZIP ファイルの image フォルダーに「{name}」が2つあります。",
    'In the folder image of the ZIP file there are two of "{name}".',
)
UNUSED_PICTURES = Saying(
    "どの行にも書かれていない写真が{count}個あります（{names}）。",
    "No row names {count} of the photos ({names}).",
)

# ---------------------------------------------------------------- a cell

REQUIRED = Saying("{row}行目 {column}は入力必須項目です。", "Row {row}: {column} is required.")
COLUMN_REQUIRED = Saying("{column}は必須項目です。", "{column} is required, and not in the file.")
FORMAT = Saying(
    "{row}行目 {column}はフォーマットが正しくありません。", "Row {row}: the format of {column} is not right."
)
TOO_LONG = Saying(
    "{row}行目 {column}は{limit}文字以内で入力してください。",
    "Row {row}: {column} may have at most {limit} characters.",
)
DAMAGED = Saying(
    "{row}行目 {column}はExcelで数値に変わっています（{was}）。列を「文字列」にして入力し直してください。",
    "Row {row}: Excel has turned {column} into a number ({was}). Please make the column text, and enter it again.",
)
EXTENSION = Saying(
    "{row}行目 {column}はフォーマットが正しくありません。内線番号は EXTENSION_NUMBER に数字で入力してください。",
    "Row {row}: the format of {column} is not right. An extension belongs into EXTENSION_NUMBER, as digits.",
)
ZERO = Saying(
    "{row}行目 {column}は先頭の0が失われている可能性があります（0を補う）。",
    "Row {row}: {column} may have lost its leading 0 (put back the 0).",
)
MARK = Saying(
    "{row}行目 {column}に「?」があります。文字が失われていないか確認してください。",
    'Row {row}: there is a "?" in {column}. Please look whether a character has been lost.',
)
REPAIRED = Saying("{row}行目 {column}を「{now}」に直しました。", 'Row {row}: {column} was mended to "{now}".')
MODE = Saying("{row}行目 MODEの値はUかDのみ利用可能です。", "Row {row}: MODE can be U or D alone.")
TWICE = Saying(
    "{row}行目 {column}が{other}行目と重複しています。", "Row {row}: {column} is the same as in row {other}."
)
RULE = Saying("{row}行目 {column} : {said}", "Row {row}: {column}: {said}")

# ---------------------------------------------------------------- a user

NO_PASSWORD = Saying(
    "accountId = {login} : PASSWORDは入力必須項目です。", "accountId = {login}: PASSWORD is required."
)
DOMAIN = Saying(
    "{row}行目 accountId = {login} : ログインIDのドメインが許可されていません。",
    "Row {row}: accountId = {login}: this domain of login IDs is not allowed.",
)
TAKEN = Saying("{row}行目 {column}はほかのユーザが使っています。", "Row {row}: another user has the same {column}.")
NO_DEPARTMENT = Saying(
    "{row}行目 {column}の部署「{was}」がありません。", 'Row {row}: {column}: there is no department "{was}".'
)
DEPARTMENT_TWICE = Saying(
    "{row}行目 {column}に同じ部署が2度あります。", "Row {row}: {column} holds a department twice."
)
TOO_MANY = Saying("{row}行目 {column}は{limit}件までです。", "Row {row}: {column} may hold at most {limit}.")
TITLES = Saying(
    "{row}行目 POSITIONの数がDEPARTMENT_CODEの数より多くなっています。",
    "Row {row}: there are more values in POSITION than in DEPARTMENT_CODE.",
)
NO_AREA = Saying(
    "{row}行目 {column}の地域「{was}」が見つかりません。", 'Row {row}: {column}: the area "{was}" is not known.'
)
SEVERAL_AREAS = Saying(
    "{row}行目 {column}の地域「{was}」が複数あります（{now}）。",
    'Row {row}: {column}: there are several areas "{was}" ({now}).',
)
NOBODY = Saying(
    "{row}行目 accountId = {login} : 登録されていないログインIDです。",
    "Row {row}: accountId = {login}: nobody has this login ID.",
)
NOT_YOURSELF = Saying("{row}行目 自分自身は削除できません。", "Row {row}: you cannot delete yourself.")
MANY_ANPI_ADMINISTRATORS = Saying(
    "{row}行目 PRIVILEGES : 安否の管理者は{limit}人までです。",
    "Row {row}: PRIVILEGES: there can be at most {limit} safety administrators.",
)

# ---------------------------------------------------------------- a photo

NEEDS_ZIP = Saying(
    "{row}行目 {column}は取り込みません。写真は、表と image フォルダーを入れた ZIP ファイルで取り込めます。",
    "Row {row}: {column} is left aside. Photos come in a ZIP file that holds the table and a folder image.",
)
NO_PICTURE = Saying(
    "{row}行目 {column}の写真「{was}」が ZIP ファイルの image フォルダーにありません。",
    'Row {row}: {column}: the photo "{was}" is not in the folder image of the ZIP file.',
)
PICTURE_TYPE = Saying(
    "{row}行目 {column}の写真「{was}」は JPEG、PNG、GIF のどれでもありません。",
    'Row {row}: {column}: the photo "{was}" is neither JPEG nor PNG nor GIF.',
)
PICTURE_PIXELS = Saying(
    "{row}行目 {column}の写真「{was}」は画素数が多すぎます。",
    'Row {row}: {column}: the photo "{was}" has too many pixels.',
)
PICTURE_BYTES = Saying(
    "{row}行目 {column}の写真「{was}」は大きすぎます（10MBまで）。",
    'Row {row}: {column}: the photo "{was}" is too large (at most 10 MB).',
)
PICTURE_DAMAGE = Saying(
    "{row}行目 {column}の写真「{was}」を読み取れません。", 'Row {row}: {column}: the photo "{was}" cannot be read.'
)

# ---------------------------------------------------------------- a department

NO_PARENT = Saying(
    "{row}行目 PARENT_DEPARTMENT_CODEの部署「{was}」がありません。",
    'Row {row}: PARENT_DEPARTMENT_CODE: there is no department "{was}".',
)
PARENT_REMOVED = Saying(
    "{row}行目 PARENT_DEPARTMENT_CODEの部署「{was}」は削除されます。",
    'Row {row}: PARENT_DEPARTMENT_CODE: the department "{was}" is to be deleted.',
)
CYCLE = Saying(
    "{row}行目 PARENT_DEPARTMENT_CODEが循環しています。",
    "Row {row}: PARENT_DEPARTMENT_CODE leads round in a circle.",
)
NO_SUCH_DEPARTMENT = Saying(
    "{row}行目 DEPARTMENT_CODEの部署「{was}」がありません。",
    'Row {row}: DEPARTMENT_CODE: there is no department "{was}".',
)

# ---------------------------------------------------------------- an undo

NO_OLD_PARENT = Saying(
    "部署「{key}」の元の上位部署「{was}」はもうありません。元の位置には戻りません。",
    'Department "{key}": the department "{was}" that it was below is no more. It does not go back below it.',
)
NO_OLD_DEPARTMENT = Saying(
    "「{key}」が所属していた部署「{was}」はもうありません。この所属は戻りません。",
    '"{key}": the department "{was}" is no more. This post does not come back.',
)
