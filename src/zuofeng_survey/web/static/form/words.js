// What the form says, in both languages, and the smallest way to make an element.

const WORDS = {
  lang: ["English", "中文"],
  start: ["开始填写", "Start"],
  resume: ["继续填写", "Continue"],
  next: ["下一页", "Next"],
  back: ["上一页", "Back"],
  review: ["检查答卷", "Review"],
  reviewHint: ["提交前请再看一遍。要改哪一处，点“修改”。", "Look through your answers once more before sending."],
  cast: ["提交", "Submit"],
  castBallot: ["投票", "Cast my ballot"],
  sending: ["正在提交，请不要关闭本页…", "Sending; please keep this page open…"],
  change: ["修改", "Change"],
  clear: ["清除", "Clear"],
  blank: ["未答", "not answered"],
  abstained: ["弃权", "abstained"],
  allAbstained: ["全部弃权", "abstained throughout"],
  required: ["必答", "required"],
  collector: ["工作人员填写", "filled in by staff"],
  atMost: ["最多选 {limit} 项", "at most {limit}"],
  characters: ["{length} / {limit} 字", "{length} / {limit}"],
  other: ["请说明", "Please specify"],
  alone: ["有的选项不能同选，已自动调整。", "Adjusted: some of these choices stand alone."],
  rankHint: ["按先后顺序点选，先点的排在前；再点一次取消。", "Choose in order, best first; choose again to take back."],
  ranked: ["{label}：第 {place} 位", "{label}: place {place}"],
  unranked: ["{label}：未排", "{label}: not placed"],
  pickFirst: ["请先在上面选择。", "Choose above first."],
  row: ["第 {n} 条", "No. {n}"],
  "add-row": ["再加一条", "Add another"],
  "remove-row": ["删除", "Remove"],
  removed: ["已删除一条。", "One was removed."],
  "undo-row": ["撤销", "Undo"],
  target: ["评议对象", "Rated"],
  count: ["已评 {rated} / 总 {total}", "Rated {rated} / {total}"],
  "next-unrated": ["下一个未评", "Next unrated"],
  allRated: ["全部评完了。", "Everything is rated."],
  "prev-target": ["上一个", "Previous"],
  "next-target": ["下一个", "Next"],
  place: ["第 {n} / {total} 个", "{n} of {total}"],
  ballotHint: ["空着按弃权计；再点一次可以取消。", "A blank is an abstention; choose a mark again to take it back."],
  page: ["第 {n} / {total} 页", "Page {n} of {total}"],
  minutes: ["约需 {n} 分钟", "About {n} minutes"],
  named: ["本表记名。", "This form is named."],
  confidential: ["本表保密：只有经办人知道是谁填写的。", "This form is confidential."],
  anonymous: ["本表不记名。", "This form is anonymous."],
  sealed: ["本票无记名，密封保存，截止前任何人都看不到内容。", "This ballot is secret and sealed until the poll closes."],
  voterClass: ["您的评议人类别：{label}", "Your voter class: {label}"],
  code: ["评议码（17 个字符）", "Code (17 characters)"],
  codeHint: ["在您领到的纸条上，形如 XXXX-XXXX-XXXX-XXXX-X，不分大小写。", "On your slip, like XXXX-XXXX-XXXX-XXXX-X, in any case."],
  "check-code": ["确定", "Continue"],
  "other-code": ["换一个评议码", "Use another code"],
  closed: ["现在不能填写：还没有开始，或者已经结束。", "This form is not open now."],
  away: ["连接已断开：现在连不上服务器。您填写的内容都在本页，没有丢失。", "The server cannot be reached. What you filled in is safe on this page."],
  awaySending: ["还没有提交成功：连不上服务器。正在自动重试，请不要关闭本页。", "Not submitted yet: the server cannot be reached. Trying again; keep this page open."],
  busy: ["还没有提交成功，正在自动重试。", "Not submitted yet; trying again."],
  refused: ["没有提交成功（{status}）。", "Not submitted ({status})."],
  restored: ["已恢复您上次填写的内容。", "What you had filled in is back."],
  "clear-draft": ["清空重填", "Clear it"],
  clearSure: ["清空已填写的全部内容？", "Clear everything you filled in?"],
  keep: ["草稿保存在本机（关闭浏览器后还能接着填，提交后自动删除）", "Keep a draft on this device (deleted on submitting)"],
  problems: ["有 {n} 处需要修改：", "{n} to mend:"],
  preview: ["预览：不会保存任何内容", "Preview: nothing is stored"],
  previewCast: ["提交时会送出以下内容：", "This is what would be sent:"],
  again: ["重新填写", "Fill in again"],
  done: ["已提交", "Submitted"],
  receipt: ["回执", "Receipt"],
  receiptHint: ["请保存。凭它可以核对本票已经计入；它不显示您怎样填写。", "Keep it: it shows that this ballot is counted, never what it says."],
  "copy-receipt": ["复制", "Copy"],
  copied: ["已复制。", "Copied."],
  "save-receipt": ["存为文本文件", "Save as text file"],
  print: ["打印", "Print"],
  printBlank: ["打印纸质空白表", "Print a blank paper form"],
  "choose-poll": ["请选择一次测评", "Choose a poll"],
  profile: ["您的自查画像", "Your own profile"],
  profileHint: ["只根据您刚才的回答当场计算，不保存、不上传。", "Computed here and now from your answers; stored nowhere."],
  points: ["{score} 分（{n} 题）", "{score} of 100 ({n} items)"],
  noScore: ["答题太少，不计算", "too few answers"],
  detached: ["与笔记本的连接已断开，不影响填写和提交。", "The notebook is disconnected; the form still works."],
};

/** A word of ours by its key, or a {zh, en} of the definition. */
function speak(lang, what, params = {}) {
  const [zh, en] = typeof what === "string" ? WORDS[what] : [what?.zh, what?.en];
  const fill = (whole, key) => (typeof params[key] === "object" ? speak(lang, params[key]) : params[key] ?? whole);
  return ((lang === "en" && en) || zh || "").replace(/\{(\w+)\}/g, fill);
}

/** An element. Children that are text become text nodes: nothing a person wrote turns into markup. */
function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value != null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter(Boolean));
  return node;
}

const paragraphs = (text) => text.split("\n").filter((line) => line.trim()).map((line) => h("p", {}, line));

export { WORDS, h, paragraphs, speak };
