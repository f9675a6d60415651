/** What a class says: what a thing is, how it looks, in which state it is, or nothing that outlives a build. */
export type ClassKind = "semantic" | "utility" | "state" | "generated";

/** Ids that libraries count up, by their beginning. */
const COUNTED =
  /^(?:radix|headlessui|react-aria|react-select|react-tabs|downshift|mui|mantine|chakra|ember|ext-gen|ext-comp|yui|gwt-uid|cdk|mat|ng|p-|pv_id|pn_id|el-id|el-popper|rc[-_]|rc_|tippy|popper|popover|floating-ui|__bvid|dijit|ui-id|jqgen|uid|uuid|guid|sizzle|svelte|v-\d|vs\d|field-:|base-ui|ariakit|zag|menu-button--|listbox--|combobox--|accordion__|tabs--|sb-|livewire|wire|turbo|highcharts|apexcharts|chartjs|mermaid|dom-id|auto_id|control-|input-|select2|cke_|tinymce|mce_)/i;
/** `:r1:`, `«r1»` and `_r_1_` of React's useId, and the like. */
const REACT_ID = /[:«»]|(?:^|_)_?r_[\da-z]+_/;
const HAS_NUMBER = /\d/;
const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}/i;
const STATE =
  /^(?:(?:is|has|was)[-_A-Z].*|v-(?:enter|leave|move).*|(?:js|ng|swiper|aos|wow|animate|animated|transition)-.*|(?:ng-.*)|(?:.*[-_])?(?:active|open|opened|closed|close|selected|hover|hovered|focus|focused|focus-visible|disabled|enabled|loading|loaded|visible|hidden|show|shown|hide|collapsed|expanded|collapse|collapsing|current|checked|pressed|dragging|sticky|stuck|fixed|in|out|on|off|entering|leaving|fade|fadein|ready|hydrated|mounted|valid|invalid|touched|untouched|pristine|dirty|first|last|even|odd))$/i;
const UTILITY_CHARS = /[:[\]/!@%()&>]|^-/;
const UTILITY_WORD =
  /^(?:flex|grid|block|inline|inline-block|inline-flex|inline-grid|table-cell|table-row|contents|flow-root|hidden|relative|absolute|fixed|sticky|static|container|truncate|italic|uppercase|lowercase|capitalize|underline|antialiased|invisible|visible|grow|shrink|border|rounded|shadow|outline|ring|blur|filter|transition|transform|resize|isolate|sr-only|clearfix|row|group|peer|prose|dark|light|col|ordinal|pull-left|pull-right|text|left|right|center|clear|mono|bold|small)$/;
const UTILITY_PREFIX =
  /^(?:[mp][trblxyse]?|gap|space|w|h|size|min|max|text|font|leading|tracking|bg|from|via|to|border|rounded|shadow|opacity|z|top|right|bottom|left|inset|start|end|items|justify|content|self|place|flex|grid|col|cols|row|rows|order|basis|grow|shrink|overflow|overscroll|object|aspect|cursor|select|pointer-events|transition|duration|ease|delay|animate|scale|rotate|translate|skew|origin|ring|divide|outline|fill|stroke|list|decoration|underline|whitespace|break|line-clamp|align|float|clear|sr|not|hover|focus|sm|md|lg|xl|xxl|2xl|xs|d|g|gx|gy|fs|fw|lh|me|ms|offset|position|vh|vw|mh|mw|columns|snap|scroll|touch|will-change|backdrop|mix-blend|accent|caret|appearance|indent|hyphens|box|table|u|l-u|pure-u|ph|pv|pa|pl|pr|pt|pb|mh|mv|ma|ml|mr|mt|mb|f|fl|fr|dib|dn|db|dt|dtc|tc|tl|tr|br|ba|bw)-?(?:auto|full|screen|none|flex|block|inline|inline-block|grid|items-(?:start|end|center|baseline|stretch)|content-(?:start|end|center|between|around)|px|min|max|fit|xs|sm|md|lg|xl|xxl|\d?xl|\d+|start|end|center|between|around|evenly|stretch|baseline|row|col|column|wrap|nowrap|reverse|hidden|visible|clip|scroll|x|y|bold|semibold|medium|normal|light|thin|black|white|cover|contain|pointer|default|left|right|top|bottom|middle|tight|wide|base|solid|dashed|current|transparent|all|colors|opacity|in|out|inherit|muted|primary|secondary|success|danger|warning|info|dark|body|break|(?:gray|grey|red|blue|green|slate|zinc|neutral|stone|orange|amber|yellow|lime|emerald|teal|cyan|sky|indigo|violet|purple|fuchsia|pink|rose)(?:-\d+)?)(?:-.*)?$/;
/** CSS modules: what a file and a class are called, then what its content hashes to. */
const MODULE = /^([A-Za-z][\w-]*?_{1,2}[A-Za-z][\w-]*?_{1,3})([\w+-]{5,10})$/;
/** As the configuration of most tools has it: file, class and five characters. */
const NEXT_MODULE = /^([A-Z][\w-]*?_[A-Za-z][\w-]*?__)[\w+-]{5}$/;
/** A component's own class of styled-components: beside it stands one of its styles, which is a hash and looks like a word. */
const STYLED = /^sc-[A-Za-z\d-]{5,}$/;
const STYLED_HASH = /^[A-Za-z\d]{5,7}$/;
/** styled-components, emotion, JSS, styled-jsx, Linaria, vanilla-extract, Svelte, Astro. */
const GENERATED =
  /^(?:sc-[\w-]+|css-[\w-]+|e[a-z0-9]{6,}\d+|jss\d+|jsx-\d+|makeStyles-.*-\d+|svelte-[\w]+|astro-[\w]+|_?[a-z0-9]{5,8}_[a-z0-9]{1,2}_\d+|\w+-module--\w+--\w+|emotion-\d+|tss-[\w-]+|c-(?=[a-z]*[A-Z])[a-zA-Z]{5,}|r-(?=[a-z]*\d)[a-z\d]{5,8}|_ng\w+-.*|x[a-z0-9]{5,7}|cls-\d+|st\d+|_[\da-zA-Z]{5,})$/;

/** Pages use a class on many elements, and to read what it says takes longer than to look it up. */
const MAX_KINDS = 5_000;
const kinds = new Map<string, ClassKind>();

/** Whether an id, a name or the like looks counted or random, so that it is another after the next build or render. */
export function isGenerated(name: string): boolean {
  if (REACT_ID.test(name) || UUID.test(name)) return true;
  if (HAS_NUMBER.test(name) && COUNTED.test(name)) return true;
  if (/\d{4,}/.test(name) && !/^(?:[a-z\d]+-)?(?:19|20)\d\d$/i.test(name)) return true;
  return name.split(/[^A-Za-z0-9]+/).some(isHash);
}

/** A class, or the beginning of one, that outlives a build. */
export interface StableClass {
  name: string;
  kind: "semantic" | "utility";
  /** CSS modules: what follows is a hash. */
  isPrefix: boolean;
}

/** Of an element's classes those that outlive a build and a change of state. */
export function stableClasses(classes: Iterable<string>): StableClass[] {
  return builtClasses(classes).flatMap(({ name, kind, isPrefix }) =>
    kind === "state" ? [] : [{ name, kind, isPrefix }]
  );
}

/** Of an element's classes those that outlive a build, also those that say in which state it is. */
export function lookingClasses(classes: Iterable<string>): string[] {
  return builtClasses(classes).map(({ name }) => name);
}

function builtClasses(classes: Iterable<string>) {
  const names = [...classes];
  const isStyled = names.some((name) => STYLED.test(name));
  return names.flatMap((name) => {
    const prefix = modulePrefix(name);
    const kind = classKind(prefix === null ? name : localName(prefix));
    if (kind === "generated" || (isStyled && STYLED_HASH.test(name))) return [];
    return [{ name: prefix ?? name, kind, isPrefix: prefix !== null }];
  });
}

/** What its author called a class of CSS modules. */
function localName(prefix: string): string {
  return prefix.replace(/^[A-Za-z\d-]*?_{1,2}/, "").replace(/_+$/, "");
}

/** What kind of class it is. */
export function classKind(name: string): ClassKind {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  if (kinds.size >= MAX_KINDS) kinds.clear();
  const kind = readKind(name);
  kinds.set(name, kind);
  return kind;
}

function readKind(name: string): ClassKind {
  if (/^(?:svelte|ng-tns)-/.test(name)) return "generated";
  if (STATE.test(name)) return "state";
  if (UTILITY_CHARS.test(name) || UTILITY_WORD.test(name) || UTILITY_PREFIX.test(name)) return "utility";
  if (GENERATED.test(name) || isGenerated(name)) return "generated";
  return "semantic";
}

/** The stable beginning of a class of CSS modules, such as `Button_root__`; null: it is none. */
export function modulePrefix(name: string): string | null {
  const named = NEXT_MODULE.exec(name)?.[1];
  if (named !== undefined) return named;
  const [, prefix, hash] = MODULE.exec(name) ?? [];
  return prefix !== undefined && hash !== undefined && (isHash(hash) || /[\d+]/.test(hash)) ? prefix : null;
}

/** Whether a word is none that a person would write: letters and digits in turn, or capitals and consonants as they fall. */
export function isHash(word: string): boolean {
  if (word.length < 5) return false;
  const digits = word.replaceAll(/\D/g, "").length;
  if (digits > 0) {
    if (digits === word.length) return word.length >= 5;
    if (/\d[A-Za-z]+\d/.test(word) && digits >= 2) return true;
    if (/^[\da-f]{6,}$/i.test(word)) return true;
    // A word may end in a number; one that begins with it, or has it in its middle, is read again without.
    const rest = word.replace(/\d+$/, "");
    if (/\d/.test(rest) && rest.length >= 5 && !/^\d+[a-z]+$/.test(rest)) return true;
    return rest.length >= 5 && isHash(rest.replaceAll(/\d/g, ""));
  }
  const parts = word.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  if (parts.length >= 3 && word.length / parts.length < 2.4) return true;
  if (parts.length >= 2 && parts.every((part) => part.length <= 3 && !/[aeiouy]/i.test(part.slice(0, 2)))) return true;
  return !/[aeiouy]/i.test(word) && word.length >= 6;
}
