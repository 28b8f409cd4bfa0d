// Colours of both looks. Marks are Okabe and Ito's colours, and differ by pattern or shape as well.
const okabeIto = { orange: '#E69F00', sky: '#56B4E9', green: '#009E73', yellow: '#F0E442', blue: '#0072B2', red: '#D55E00',
  purple: '#CC79A7' };

export const themes = {
  light: { name: 'light', paper: '#ffffff', ink: '#1a1a1a', soft: '#555555', line: '#d8d8d8', axis: '#8a8a8a', grey: '#b8b8b8',
    hatch: 'rgba(0,0,0,0.55)', alarmPaper: '#fbe3d4', alarmInk: '#7a2e00', link: '#0060a0', ...okabeIto },
  dark: { name: 'dark', paper: '#15181c', ink: '#eeeeee', soft: '#b4b8bd', line: '#363b42', axis: '#7c838c', grey: '#6a7079',
    hatch: 'rgba(0,0,0,0.6)', alarmPaper: '#4a2410', alarmInk: '#ffd9c2', link: '#7cc4f4', ...okabeIto, blue: '#3f97d3' },
};

// Stages by what they are in the case study: input and output blue, inference orange and red, analysis green.
const stageLooks = {
  startup: ['yellow', 'vertical'], detect: ['yellow', 'none'], read: ['sky', 'none'], gate: ['sky', 'rising'], decode: ['blue', 'none'],
  pose: ['orange', 'none'], faces: ['red', 'falling'], quality: ['green', 'none'], score: ['green', 'vertical'],
  transfer: ['purple', 'crossed'], copies: ['sky', 'rising'], kernels: ['orange', 'vertical'], wait: ['paper', 'horizontal'], unattributed: ['grey', 'rising'], between: ['grey', 'rising'],
};

export function stageLook(name, theme) {
  const [colour, pattern] = stageLooks[name] ?? ['grey', 'crossed'];
  return { fill: theme[colour], pattern };
}
